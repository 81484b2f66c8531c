/* sections.c: each LGG section with the options that change its gradient's path, and the layers whose own backward passes are
 * none of a plain function's: softmax and logistic. */
#include "gradient.h"

#include <stddef.h>

#define BODY                                                                                                           \
    "[convolutional]\nfilters=6\nsize=3\nstride=2\npad=1\nactivation=logistic\n"                                       \
    "[connected]\noutput=12\nactivation=logistic\n"                                                                    \
    "[connected]\noutput=3\nactivation=linear\n[softmax]\n"
#define TEACHER "teacher_cfg=teacher.cfg\nteacher_weights=teacher.weights\n"
#define PAIRS "layers=0,1\nteacher_layers=0,2\n" TEACHER

const gradient_case section_cases[] = {
    {.name = "label_variation", .sections = BODY "[label_variation]\nlayers=1\nlambda=2\n", .step = .16f},
    {.name = "label_variation, rbf",
     .sections = BODY "[label_variation]\nlayers=1\nsimilarity=rbf\nalpha=2\nlambda=4\n"},
    {.name = "label_variation, exp",
     .sections = BODY "[label_variation]\nlayers=1\nsimilarity=exp\nalpha=2\nlambda=4\n"},
    {.name = "label_variation, unit",
     .sections = BODY "[label_variation]\nlayers=1\nsimilarity=exp\nalpha=2\nunit=1\nlambda=9\n"},
    {.name = "label_variation, k",
     .sections = BODY "[label_variation]\nlayers=1\nsimilarity=exp\nalpha=3\nk=3\nlambda=9\n",
     .step = .01f},
    {.name = "label_variation, normalize",
     .sections = BODY "[label_variation]\nlayers=1\nsimilarity=rbf\nalpha=4\nnormalize=1\nlambda=9\n",
     .step = .16f},
    {.name = "label_variation, power, sum",
     .sections = BODY "[label_variation]\nlayers=1\npower=2\nreduction=sum\nlambda=.01\n",
     .step = .16f},
    {.name = "label_variation, log",
     .sections = BODY "[label_variation]\nlayers=1\nsimilarity=exp\nalpha=2\nunit=1\nreduction=log\nlambda=9\n",
     .step = .16f},
    {.name = "label_variation, log by rows",
     .sections = BODY "[label_variation]\nlayers=1\nsimilarity=exp\nalpha=2\nunit=1\nreduction=log_rows\nlambda=9\n",
     .step = .16f},
    {.name = "label_variation, mean of the kept",
     .sections = BODY "[label_variation]\nlayers=1\nsimilarity=exp\nalpha=3\nk=3\nreduction=mean_kept\nlambda=9\n",
     .step = .01f},
    {.name = "label_variation, alpha by size",
     .sections = BODY "[label_variation]\nlayers=1\nsimilarity=exp\nalpha=auto\nlambda=9\n"},
    {.name = "label_variation, alpha by deviation",
     .sections = BODY "[label_variation]\nlayers=1\nsimilarity=rbf\nalpha=auto\nlambda=9\n"},
    {.name = "lgg_gkd, alpha by deviation",
     .sections = BODY "[lgg_gkd]\nsimilarity=exp\nalpha=auto_deviation\nlambda=9\n" PAIRS,
     .step = .16f},
    {.name = "label_variation in the middle",
     .sections = "[convolutional]\nfilters=6\nsize=3\nstride=2\npad=1\nactivation=tanh\n"
                 "[label_variation]\nsimilarity=rbf\nalpha=.03\nlambda=4\n"
                 "[connected]\noutput=12\nactivation=logistic\n[connected]\noutput=3\nactivation=linear\n[softmax]\n"},
    {.name = "label_variation alone",
     .sections = "[convolutional]\nfilters=6\nsize=3\nstride=2\npad=1\nactivation=tanh\n"
                 "[connected]\noutput=5\nactivation=linear\n"
                 "[label_variation]\nsimilarity=exp\nclasses=3\n"},
    {.name = "label_variation of a softmax",
     .sections = BODY "[label_variation]\nlayers=3\nsimilarity=rbf\nalpha=4\nlambda=9\n",
     .step = .16f},
    {.name = "label_variation of a softmax with groups and temperature",
     .sections = "[connected]\noutput=6\nactivation=linear\n[softmax]\ngroups=2\ntemperature=2\nnoloss=1\n"
                 "[label_variation]\nsimilarity=rbf\nalpha=4\nlambda=9\n"},
#ifdef SECOND_HOST
    {.name = "label_variation of a softmax through an [empty]",
     .sections = "[connected]\noutput=3\nactivation=linear\n[softmax]\nnoloss=1\n[empty]\n"
                 "[label_variation]\nsimilarity=rbf\nalpha=4\nlambda=9\n"},
#endif
    {.name = "label_variation of a logistic",
     .sections = "[connected]\noutput=6\nactivation=linear\n[logistic]\n[label_variation]\nsimilarity=rbf\nlambda=9\n"},
    {.name = "two sections on one layer",
     .sections = BODY "[label_variation]\nlayers=1\nsimilarity=exp\nlambda=2\n"
                      "[label_variation]\nlayers=1\nsimilarity=rbf\nalpha=3\nlambda=3\n"},
    {.name = "lgg_smooth", .sections = BODY "[lgg_smooth]\nlayers=0,1,2\nsimilarity=rbf\nalpha=.2\nlambda=.01\n"},
    {.name = "lgg_gkd", .sections = BODY "[lgg_gkd]\n" PAIRS, .step = .16f},
    {.name = "lgg_gkd, frobenius, power, inter, neighbors=teacher",
     .sections = BODY
     "[lgg_gkd]\ndistance=frobenius\npower=2\nedges=inter\nk=3\nneighbors=teacher\nreduction=sum\nlambda=9\n" PAIRS,
     .step = .16f},
    {.name = "lgg_gkd, default layers", .sections = BODY "[lgg_gkd]\nedges=intra\nlambda=99\n" TEACHER, .step = .16f},
    {.name = "rkd of distances", .sections = BODY "[rkd]\n" PAIRS},
    {.name = "rkd of angles", .sections = BODY "[rkd]\nloss=angle\n" PAIRS},
    {.name = "rkd of similarities (SP)", .sections = BODY "[rkd]\nloss=similarity\nlambda=99\n" PAIRS},
    {.name = "rkd of probabilities (PKT)", .sections = BODY "[rkd]\nloss=probability\nlambda=999\n" PAIRS},
    {.name = "lgg_gkd of pixels",
     .sections = BODY "[lgg_gkd]\nvertices=pixels\nsamples=20\nlayers=0\nteacher_layers=0\n" TEACHER,
     .step = .16f},
    {.name = "rkd of pixels",
     .sections = BODY "[rkd]\nvertices=pixels\nsamples=20\nlayers=0\nteacher_layers=0\n" TEACHER},
    {.name = "pixels of a finer map than the teacher's, and of a coarser one",
     .sections = "[convolutional]\nfilters=6\nsize=3\nstride=1\npad=1\nactivation=logistic\n"
                 "[convolutional]\nfilters=5\nsize=2\nstride=3\nactivation=logistic\n"
                 "[connected]\noutput=3\nactivation=linear\n[softmax]\n"
                 "[rkd]\nloss=angle\nvertices=pixels\nsamples=20\nlayers=0,1\nteacher_layers=0,0\n" TEACHER},
    {.name = "hkd", .sections = BODY "[hkd]\ntemperature=2\nlambda=9\n" TEACHER, .step = .16f},
    {.name = "all sections",
     .sections = BODY "[label_variation]\nlayers=1\n[lgg_smooth]\nlayers=0,1\n[lgg_gkd]\n" PAIRS "[rkd]\n" PAIRS
                      "[hkd]\n" TEACHER},
    {.name = NULL},
};

const char *const teacher_sections =
    "[convolutional]\nbatch_normalize=1\nfilters=8\nsize=3\nstride=2\npad=1\nactivation=leaky\n"
    "[dropout]\nprobability=.5\n"
    "[connected]\noutput=16\nactivation=tanh\n[connected]\noutput=3\nactivation=linear\n[softmax]\n"
    "[label_variation]\nlayers=0\n";
