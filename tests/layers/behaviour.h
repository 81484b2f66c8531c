/* behaviour.h: what the sections do to a network, and what they leave alone. */
#ifndef BEHAVIOUR_H
#define BEHAVIOUR_H

void test_transparency(void);
void test_training(void);
void test_teachers(void);
void test_detector(void);
void test_positions(void);
void test_words(void);

#endif
