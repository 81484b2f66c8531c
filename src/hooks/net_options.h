/* net_options.h: nonsense in the sizes of [net], said before the host divides by it or makes room for it. */
#ifndef NET_OPTIONS_H
#define NET_OPTIONS_H

#include "host.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Ends the program with one line where batch, subdivisions, width, height, channels, inputs or time_steps of [net] cannot be right, and
 * warns of a batch that is no multiple of subdivisions. `filename` is the .cfg; `batch` what the caller makes of the images a pass
 * whatever the file says, 0 to leave that to the file. */
void check_net_options(list *options, const char *filename, int batch);

#ifdef __cplusplus
}
#endif

#endif
