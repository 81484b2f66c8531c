# make test-recipe: the recipe options of [net] through Darknet's own loaders, labels, and what is computed and said of extreme values.

TESTS += test-recipe

RECIPE_TEST := $(BUILD)/tests/recipe

.PHONY: test-recipe
test-recipe: host-test-libs
	@rm -rf $(RECIPE_TEST) && mkdir -p $(RECIPE_TEST)/generated
	@for test in test_recipe test_activations; do \
		$(CC) -O1 -g -std=gnu11 -Wall -Wextra $(HOST_TEST_CFLAGS) tests/recipe/$$test.c -o $(RECIPE_TEST)/$$test $(HOST_TEST_LIBS) -lpthread || exit 1; done
	@$(RECIPE_TEST)/test_recipe $(RECIPE_TEST)/generated $(HOST_TREE)/cfg 2> $(RECIPE_TEST)/stderr || { tail -5 $(RECIPE_TEST)/stderr; false; }
	@$(RECIPE_TEST)/test_activations $(RECIPE_TEST) 2> $(RECIPE_TEST)/stderr || { tail -5 $(RECIPE_TEST)/stderr; false; }
	@tests/recipe/detector.sh $(HOST_TREE)/darknet $(HOST) $(RECIPE_TEST)/detector
