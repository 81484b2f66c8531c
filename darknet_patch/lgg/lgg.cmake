# Builds the latent geometry sources into AlexeyAB/darknet with CMake. Installed as DARKNET/lgg/lgg.cmake; Darknet's
# CMakeLists.txt includes it where its lists of sources are complete. What lgg.mk is for make.

file(GLOB lgg_rooms "${CMAKE_CURRENT_LIST_DIR}/*/")
foreach(room ${lgg_rooms})
  file(GLOB room_sources "${room}/*.c")
  file(GLOB room_cuda_sources "${room}/*.cu")
  list(APPEND lgg_sources ${room_sources})
  list(APPEND lgg_cuda_sources ${room_cuda_sources})
  include_directories("${room}")
endforeach()
file(GLOB lgg_cpp_sources "${CMAKE_CURRENT_LIST_DIR}/tool/*.cpp")
# what only another host takes
list(FILTER lgg_sources EXCLUDE REGEX "(_blas|complete_layer_pjreddie|cuda_compatibility|cuda_without_gpu|vector_loops|host_tool_pjreddie)\\.c$")

# FAST: batch normalization and what is done value by value on every core. DNNL: convolutions through oneDNN 2, where it is installed.
# With both OFF the host computes as it always has.
option(FAST "Batch normalization and elementwise functions on every core" ON)
if(FAST)
  add_definitions(-DLGG_FAST)
endif()
find_library(LGG_DNNL dnnl)
find_path(LGG_DNNL_INCLUDE oneapi/dnnl/dnnl.h)
set(lgg_has_dnnl OFF)
if(LGG_DNNL AND LGG_DNNL_INCLUDE)
  file(STRINGS "${LGG_DNNL_INCLUDE}/oneapi/dnnl/dnnl_version.h" lgg_dnnl_version REGEX "define DNNL_VERSION_MAJOR 2$")
  if(lgg_dnnl_version)
    set(lgg_has_dnnl ON)
  endif()
endif()
option(DNNL "Convolutions on the CPU through oneDNN 2" ${lgg_has_dnnl})
if(DNNL)
  add_definitions(-DDNNL)
  include_directories("${LGG_DNNL_INCLUDE}")
  link_libraries("${LGG_DNNL}")
else()
  list(FILTER lgg_sources EXCLUDE REGEX "_dnnl\\.c$")
endif()

# The ONNX schema, which its compiler turns into C when darknet is built.
find_program(LGG_PROTOC_C protoc-c)
find_library(LGG_PROTOBUF_C protobuf-c)
find_path(LGG_PROTOBUF_C_INCLUDE protobuf-c/protobuf-c.h)
find_file(LGG_ONNX_PROTO onnx/onnx.proto PATH_SUFFIXES include)
if(LGG_PROTOC_C AND LGG_PROTOBUF_C AND LGG_PROTOBUF_C_INCLUDE AND LGG_ONNX_PROTO)
  get_filename_component(lgg_onnx_folder "${LGG_ONNX_PROTO}" DIRECTORY)
  execute_process(COMMAND "${LGG_PROTOC_C}" "--c_out=${CMAKE_CURRENT_BINARY_DIR}" "--proto_path=${lgg_onnx_folder}" "${LGG_ONNX_PROTO}")
  list(APPEND sources "${CMAKE_CURRENT_BINARY_DIR}/onnx.pb-c.c")
  include_directories("${CMAKE_CURRENT_BINARY_DIR}" "${LGG_PROTOBUF_C_INCLUDE}")
  add_definitions(-DLGG_ONNX)
  link_libraries("${LGG_PROTOBUF_C}")
else()
  list(FILTER lgg_sources EXCLUDE REGEX "/(tool_onnx|tool_export[a-z_]*)\\.c$")
endif()

list(APPEND sources ${lgg_sources} ${lgg_cpp_sources})
include_directories("${CMAKE_CURRENT_LIST_DIR}/../src")
add_definitions(-DLGG_HOST_HEADER="host_alexeyab.h")

# Darknet's -Ofast assumes that there is no NaN and no infinity, which our checks look for.
set_source_files_properties(${lgg_sources} PROPERTIES LANGUAGE C COMPILE_OPTIONS "-O3;-fno-fast-math;-fno-math-errno")

# Those of its own files that look for it too find it then.
foreach(file blas box classifier gaussian_yolo_layer region_layer utils yolo_layer)
  set_property(SOURCE "${CMAKE_CURRENT_SOURCE_DIR}/src/${file}.c" APPEND PROPERTY COMPILE_OPTIONS "-fno-finite-math-only")
endforeach()

# Ours that stand before all else in files of the host's: what is one word in many of their lines.
foreach(file captcha cifar classifier coco compare detector dice go rnn rnn_vid super swag tag voxel writing yolo)
  set_property(SOURCE "${CMAKE_CURRENT_SOURCE_DIR}/src/${file}.c" APPEND PROPERTY COMPILE_OPTIONS "--include=weights_names.h")
endforeach()
foreach(file crop_layer data detection_layer utils)
  set_property(SOURCE "${CMAKE_CURRENT_SOURCE_DIR}/src/${file}.c" APPEND PROPERTY COMPILE_OPTIONS "--include=random_draws.h")
endforeach()
foreach(file convolutional_layer dark_cuda)
  set_property(SOURCE "${CMAKE_CURRENT_SOURCE_DIR}/src/${file}.c" APPEND PROPERTY COMPILE_OPTIONS "--include=cuda_alexeyab.h")
endforeach()
foreach(file detection_layer gaussian_yolo_layer region_layer yolo_layer)
  set_property(SOURCE "${CMAKE_CURRENT_SOURCE_DIR}/src/${file}.c" APPEND PROPERTY COMPILE_OPTIONS "--include=layers_without_clock.h")
endforeach()

if(ENABLE_CUDA)
  list(APPEND cuda_sources ${lgg_cuda_sources})
  set_property(SOURCE "${CMAKE_CURRENT_SOURCE_DIR}/src/data.c" APPEND PROPERTY COMPILE_OPTIONS "--include=gpu_data_loading.h")
  set_property(SOURCE "${CMAKE_CURRENT_SOURCE_DIR}/src/network_kernels.cu" APPEND PROPERTY COMPILE_OPTIONS "--pre-include=training_pass_gpu.h")
endif()

find_library(LGG_OPENBLAS openblas)
find_path(LGG_CBLAS_INCLUDE cblas.h PATH_SUFFIXES openblas)
if(LGG_OPENBLAS AND LGG_CBLAS_INCLUDE)
  include_directories("${LGG_CBLAS_INCLUDE}")
  add_definitions(-DLGG_LAPACK)
  link_libraries("${LGG_OPENBLAS}")
endif()
