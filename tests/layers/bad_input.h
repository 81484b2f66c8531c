/* bad_input.h: everything that can be wrong with a section. */
#ifndef BAD_INPUT_H
#define BAD_INPUT_H

void test_bad_input(void);

#endif
