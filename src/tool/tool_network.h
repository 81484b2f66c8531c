/* tool_network.h: the network behind a tool_model, for what rewrites it or writes it in another form. */
#ifndef TOOL_NETWORK_H
#define TOOL_NETWORK_H

#include "host_tool.h"
#include "tool.h"

/* Belongs to the model. */
network *tool_model_network(tool_model *model);

/* Puts into the weights of convolutions what [net] parseval divides them by in use; nothing without it. */
void tool_network_scale_parseval(network *net);

#endif
