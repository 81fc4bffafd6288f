/* SPDX-License-Identifier: Apache-2.0 */
/* vm-vmm.c - tests of src/vm/vmm.c. */
#include "vm/vmm.h"

#include <string.h>

#include "scratch.h"
#include "vm/vmm_impl.h"

static void knows_its_table(void **state)
{
	(void)state;
	assert_true(hp_vmm_known("qemu") && hp_vmm_clones("qemu"));
	assert_true(hp_vmm_known("fake") && !hp_vmm_clones("fake"));
	assert_false(hp_vmm_known("bochs") || hp_vmm_clones("bochs"));
}

static void names_disks(void **state)
{
	static const enum hp_shape_disk disks[] = {HP_DISK_NONE, HP_DISK_READ_ONLY,
						   HP_DISK_WRITABLE};
	struct hp_error err = HP_ERROR_INIT;
	enum hp_shape_disk got;

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(disks); i++) {
		assert_int_equal(hp_shape_disk_read(hp_shape_disk_name(disks[i]), &got, &err),
				 0);
		assert_int_equal(got, disks[i]);
	}
	assert_int_equal(hp_shape_disk_read("big", &got, &err), -1);
	assert_int_equal(err.code, HP_EINVALID);
	hp_error_clear(&err);
	assert_int_equal(hp_shape_disk_read(NULL, &got, &err), -1);
}

static void refuses(void **state)
{
	struct hp_vm_config c = {.vmm = (char[]){"bochs"}};
	struct hp_vmm_spawn s = {.config = &c, .state_fd = -1};
	struct hp_error err = HP_ERROR_INIT;
	struct hp_vmm *v = NULL;

	(void)state;
	assert_int_equal(hp_vmm_spawn(NULL, &s, NULL, NULL, &v, &err), -1);
	assert_int_equal(err.code, HP_EINVALID);
	hp_error_clear(&err);
	c.vmm = (char[]){"fake"};
	s.state_fd = 0;
	assert_int_equal(hp_vmm_spawn(NULL, &s, NULL, NULL, &v, &err), -1);
	assert_int_equal(err.code, HP_EUNSUPPORTED);
	assert_null(v);
	hp_vmm_free(NULL);
}

static void on_done(void *data, const struct hp_error *why)
{
	*(enum hp_code *)data = why ? why->code : HP_OK;
}

static void tells_that_it_cannot_save(void **state)
{
	struct hp_vmm v = {.ops = &hp_vmm_fake};
	enum hp_code code = HP_OK;

	(void)state;
	hp_vmm_save(&v, on_done, &code);
	assert_int_equal(code, HP_EUNSUPPORTED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(knows_its_table),
		FDS_TEST(names_disks),
		FDS_TEST(refuses),
		FDS_TEST(tells_that_it_cannot_save),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
