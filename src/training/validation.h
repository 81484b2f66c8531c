/* validation.h: `classifier valid` in whole batches. The hosts predict one image at a time there, on cores that are mostly idle. */
#ifndef VALIDATION_H
#define VALIDATION_H

#ifdef __cplusplus
extern "C" {
#endif

/* Predicts the `valid` list of a data file and prints for each image, in the list's order, what the host prints. `weights` may be NULL. */
void validate_classifier(char *data_file, char *cfg, char *weights);

#ifdef __cplusplus
}
#endif

#endif
