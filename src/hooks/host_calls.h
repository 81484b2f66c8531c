/* host_calls.h: what Darknet's own files call of ours, included by one line in each, whatever patches are left out. */
#ifndef HOST_CALLS_H
#define HOST_CALLS_H

#include "batchnorm_whole.h"
#include "command.h"
#include "complete_layer.h"
#include "label.h"
#include "lgg_hooks.h"
#include "lgg_section_help.h"
#include "loading.h"
#include "recipe.h"
#include "run_lgg.h"
#include "share_scales.h"
#include "training.h"
#include "truth.h"
#include "validation.h"
#include "weights.h"
#include "weights_path.h"

#endif
