/* commands.h: the commands of `./darknet lgg`, each in a file of its own. argv holds what follows the command's name. */
#ifndef COMMANDS_H
#define COMMANDS_H

int command_eval(int argc, char **argv);
int command_map(int argc, char **argv);
int command_embed(int argc, char **argv);
int command_nearest(int argc, char **argv);
int command_variation(int argc, char **argv);
int command_graph(int argc, char **argv);
int command_plot(int argc, char **argv);
int command_attack(int argc, char **argv);
int command_corrupt(int argc, char **argv);
int command_stress(int argc, char **argv);
int command_sections(int argc, char **argv);
int command_deploy(int argc, char **argv);
int command_export(int argc, char **argv);

#endif
