# results.awk: figures.csv (name,value,unit) as Markdown: the table that README has, and all figures.
BEGIN { FS = "," }
NR > 1 { value[$1] = $2; unit[$1] = $3; name[++n] = $1 }
function row(what, ours, floor, torch, faster) {
    if (ours in value) print "| " what " | " value[ours] " | " value[floor] " | " value[torch] " | " value[faster] " |"
}
function against_stock(what, name) {
    if ("host_" name in value) print "| " what " | " value["host_" name] " | " value["stock_" name] " | " value[name "_times_faster_than_stock"] " |"
}
END {
    print "| | ours, ms | the same products by sgemm, ms | PyTorch, ms | times faster |"
    print "| --- | --- | --- | --- | --- |"
    row("GKD on the three pairs of WideResNet28-1 → 28-0.5, B = 128, forward and backward", "gkd_wrn28", "gkd_wrn28_floor", "torch_gkd_wrn28", "gkd_wrn28_times_faster_than_torch")
    row("smoothness over the 17 ReLUs of PreActResNet18, B = 100, power 2", "smooth_preact18", "smooth_preact18_floor", "torch_smooth_preact18", "smooth_preact18_times_faster_than_torch")
    row("a training step of WideResNet28-0.5, batch 128", "step_wrn28-0.5", "", "torch_step_wrn28-0.5", "step_wrn28-0.5_times_faster_than_torch")
    row("the same with GKD, teacher and loss included", "step_wrn28-0.5-gkd", "", "torch_step_wrn28-0.5-gkd", "step_wrn28-0.5-gkd_times_faster_than_torch")
    row("a step of ResNet-18, batch 128", "step_resnet18-label_variation-without", "", "torch_step_resnet18", "step_resnet18_times_faster_than_torch")
    row("a step of PreActResNet18, batch 100, without smoothness", "step_preact_resnet18-smooth-without", "", "torch_step_preact_resnet18", "step_preact_resnet18_times_faster_than_torch")
    row("the same with smoothness", "step_preact_resnet18-smooth")
    row("loading a batch of 128 images", "load_128_images")
    if (value["step_wrn28-0.5_onednn_convolutions"] > 0 && value["peak_rate"] > 0)
        printf "\nWhat bounds a step of WideResNet28-0.5: its arithmetic takes %.0f ms at the %s GFLOP/s that these cores reach in registers; oneDNN%ss convolutions alone take %s ms of the %s, its reorders %s. The rest is its convolutions between few channels (src/speed/convolution_narrow.h, where the processor has AVX-512), batch normalization, residual sums and the wait of cores for one another.\n", 1e3 * value["step_wrn28-0.5_arithmetic"] / value["peak_rate"], value["peak_rate"], "\047", value["step_wrn28-0.5_onednn_convolutions"], value["step_wrn28-0.5"], value["step_wrn28-0.5_onednn_reorders"]
    if (value["step_wrn28-0.5-gkd_at_peak_rate"] > 0)
        printf "\nWith GKD, the arithmetic of student, teacher and loss takes %s ms at that rate; half of PyTorch%ss step is %.4g ms.\n", value["step_wrn28-0.5-gkd_at_peak_rate"], "\047", value["torch_step_wrn28-0.5-gkd"] / 2
    if ("host_tiny_step" in value) {
        print "\nThe host\047s own networks, without a section of ours, in stock Darknet built with OPENMP=1 and here:\n\n| | ours, ms | stock, ms | times faster |\n| --- | --- | --- | --- |"
        against_stock("tiny.cfg, a prediction", "tiny_prediction")
        against_stock("a training step of 2 images", "tiny_step")
        against_stock("yolov3-tiny.cfg, a prediction", "yolov3-tiny_prediction")
        against_stock("a training step of 2 images", "yolov3-tiny_step")
    }
    print "\n## All figures\n\nRates of losses count whole matrices of products, of which half is computed: they may be above the peak.\n\n| figure | value | unit |\n| --- | --- | --- |"
    for (i = 1; i <= n; ++i) print "| " name[i] " | " value[name[i]] " | " unit[name[i]] " |"
}
