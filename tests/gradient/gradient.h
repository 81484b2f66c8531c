/* gradient.h: compares the gradients of a whole Darknet network with finite differences of its objective. */
#ifndef GRADIENT_H
#define GRADIENT_H

/* One network: sections of a .cfg file after [net], and how far each coordinate is moved. */
typedef struct {
    const char *name;
    const char *sections;
    float step;       /* 0: the usual one. Smaller where moving far crosses a kink */
    float input_size; /* 0: 1. The inputs are uniform in -input_size .. input_size */
} gradient_case;

extern const gradient_case consumer_cases[];
extern const gradient_case section_cases[];

/* The network that teacher.cfg and teacher.weights of section_cases hold. */
extern const char *const teacher_sections;

#endif
