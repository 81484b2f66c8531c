/* host_calls.h: what Darknet's own files call of ours, included by one line in each, whatever patches are left out. */
#ifndef HOST_CALLS_H
#define HOST_CALLS_H

#include "complete_layer.h"
#include "label.h"
#include "lgg_hooks.h"
#include "loading.h"
#include "recipe.h"
#include "run_lgg.h"
#include "share_scales.h"
#include "training.h"
#include "weights.h"
#include "weights_path.h"

#endif
