# make test-recipe: the recipe options of [net] through Darknet's own loaders, labels, and what is computed and said of extreme values.

TESTS += test-recipe

RECIPE_TEST := $(BUILD)/tests/recipe

.PHONY: test-recipe
test-recipe: host-test-libs
	@rm -rf $(RECIPE_TEST) && mkdir -p $(RECIPE_TEST)/generated
	@for test in test_recipe test_activations test_adversarial; do \
		$(call host_program,$(RECIPE_TEST)/$$test,-g -std=gnu11 tests/recipe/$$test.c -lpthread) || exit 1; done
	@$(RECIPE_TEST)/test_recipe $(RECIPE_TEST)/generated $(HOST_TREE)/cfg 2> $(RECIPE_TEST)/stderr || { tail -5 $(RECIPE_TEST)/stderr; false; }
	@$(RECIPE_TEST)/test_activations $(RECIPE_TEST) 2> $(RECIPE_TEST)/stderr || { tail -5 $(RECIPE_TEST)/stderr; false; }
	@$(RECIPE_TEST)/test_adversarial $(RECIPE_TEST) 2> $(RECIPE_TEST)/stderr || { tail -5 $(RECIPE_TEST)/stderr; false; }
	@tests/recipe/test_detector.sh $(HOST_TREE)/darknet $(HOST) $(RECIPE_TEST)/detector
