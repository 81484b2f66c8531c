/* other_classes.h: weights of another number of classes. */
#ifndef OTHER_CLASSES_H
#define OTHER_CLASSES_H

void test_other_classes(void);

#endif
