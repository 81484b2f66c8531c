/* chosen_tiles.c: linked with --wrap, makes the library multiply with the tiles that LGG_TILES names, "avx512", "avx2" or "plain", instead
 * of the fastest; where the processor lacks them, the program ends with status 77. */
#include "lgg_products.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const lgg_tiles *__real_lgg_tiles_best(void);
const lgg_tiles *__wrap_lgg_tiles_best(void);

const lgg_tiles *__wrap_lgg_tiles_best(void) {
    const char *name = getenv("LGG_TILES");
    if (!name) return __real_lgg_tiles_best();
    const lgg_tiles *tiles = lgg_tiles_of(!strcmp(name, "avx512") ? LGG_AVX512
                                          : !strcmp(name, "avx2") ? LGG_AVX2
                                                                  : LGG_PLAIN);
    if (!tiles) exit(77);
    return tiles;
}
