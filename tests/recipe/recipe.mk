# make test-recipe: the recipe options of [net] through Darknet's own loader.

TESTS += test-recipe

RECIPE_TEST := $(BUILD)/tests/recipe

.PHONY: test-recipe
test-recipe: host-test-libs
	@rm -rf $(RECIPE_TEST) && mkdir -p $(RECIPE_TEST)/images
	@$(call host_program,$(RECIPE_TEST)/test_recipe,-g -std=gnu11 tests/recipe/test_recipe.c -lpthread)
	@$(RECIPE_TEST)/test_recipe $(RECIPE_TEST)/images 2> $(RECIPE_TEST)/stderr || { tail -5 $(RECIPE_TEST)/stderr; false; }
