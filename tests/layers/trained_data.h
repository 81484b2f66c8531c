/* trained_data.h: what `classifier train` and `valid` refuse of a network and its data file before they begin, and which commands train. */
#ifndef TRAINED_DATA_H
#define TRAINED_DATA_H

void test_trained_data(void);

#endif
