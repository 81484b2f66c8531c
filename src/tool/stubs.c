#include "tool.h"
#define S(n) __attribute__((weak)) int n(int argc, char **argv) { (void)argc, (void)argv; return 1; }
int command_plot(int,char**); S(command_plot) S(command_attack) S(command_corrupt)
