/* SPDX-License-Identifier: Apache-2.0 */
/* guest-service.c - tests of src/guest/service.c, each method asked as the host does. */
#include "guest/service.h"

#include <signal.h>
#include <sys/utsname.h>

#include "guest-world.h"
#include "metrics.pb-c.h"

static void says_hello(void **state)
{
	Hp__Guest__HelloRequest r = HP__GUEST__HELLO_REQUEST__INIT;
	Hp__Guest__HelloResponse *hello;
	struct utsname name;
	struct guest_world w;

	(void)state;
	guest_world_open(&w);
	r.settled = true; /* as it is when there are no files */
	hello = guest_ask(&w.host, "Hello", &r.base, &hp__guest__hello_response__descriptor);
	assert_int_equal(uname(&name), 0);
	assert_int_equal(hello->version, 1);
	assert_string_equal(hello->kernel, name.release);
	hp__guest__hello_response__free_unpacked(hello, NULL);
	guest_world_close(&w);
}

static void one_waits_until_all_is_settled(void **state)
{
	Hp__Guest__HelloRequest r = HP__GUEST__HELLO_REQUEST__INIT;
	struct guest_call c;
	struct guest_world w;

	(void)state;
	guest_world_open(&w);
	w.g.files_fd = w.g.null_fd;
	r.settled = true;
	guest_call_begin(&w.host, &c, "Hello", &r.base);
	guest_refused(&w.host, "Hello", &r.base, HP_ESTATE, "another waits already");
	assert_false(c.done);
	w.g.files_fd = -1;
	hp_guest_service_settled(&w.g);
	protobuf_c_message_free_unpacked(
		guest_call_end(&w.host, &c, &hp__guest__hello_response__descriptor), NULL);
	/* Nobody waits any more. */
	hp_guest_service_settled(&w.g);
	guest_world_close(&w);
}

static void forgets_who_waited_and_is_gone(void **state)
{
	Hp__Guest__HelloRequest r = HP__GUEST__HELLO_REQUEST__INIT;
	struct guest_call c;
	struct guest_world w;

	(void)state;
	guest_world_open(&w);
	w.g.files_fd = w.g.null_fd;
	r.settled = true;
	guest_call_begin(&w.host, &c, "Hello", &r.base);
	links_settle(w.g.loop);
	assert_non_null(w.g.settling);
	guest_host_close(&w.host);
	w.host.client = NULL;
	links_settle(w.g.loop);
	assert_null(w.g.settling);
	guest_world_close(&w);
}

static void refuses_what_there_is_no_container_for(void **state)
{
	Hp__Guest__StartRequest start = HP__GUEST__START_REQUEST__INIT;
	Hp__Guest__ExecRequest exec = HP__GUEST__EXEC_REQUEST__INIT;
	Hp__Guest__SignalRequest sig = HP__GUEST__SIGNAL_REQUEST__INIT;
	Hp__Guest__ResizeRequest size = HP__GUEST__RESIZE_REQUEST__INIT;
	Hp__Guest__UpdateRequest update = HP__GUEST__UPDATE_REQUEST__INIT;
	Hp__Guest__Resources none = HP__GUEST__RESOURCES__INIT;
	struct guest_world w;
	Hp__Guest__Process p;
	char *args[3];

	(void)state;
	guest_world_open(&w);
	guest_refused(&w.host, "Start", &start.base, HP_ESTATE, "no container");
	guest_script(&p, "true", args);
	p.outside = false;
	exec.number = 1;
	exec.process = &p;
	guest_refused(&w.host, "Exec", &exec.base, HP_ESTATE, "the container does not run");
	sig.signal = SIGTERM;
	guest_refused(&w.host, "Signal", &sig.base, HP_ENOTFOUND, "already finished");
	guest_refused(&w.host, "Resize", &size.base, HP_ENOTFOUND, "already finished");
	update.resources = &none;
	guest_refused(&w.host, "Update", &update.base, HP_EUNSUPPORTED, "no cgroup");
	guest_refused(&w.host, "Format", &start.base, HP_EUNSUPPORTED, "Format");
	guest_world_close(&w);
}

static void holds_one_container(void **state)
{
	Hp__Guest__CreateRequest r = HP__GUEST__CREATE_REQUEST__INIT;
	Hp__Guest__Container c = HP__GUEST__CONTAINER__INIT;
	struct guest_world w;
	Hp__Guest__Process p;
	char *args[3];

	(void)state;
	guest_world_open(&w);
	guest_script(&p, "true", args);
	p.outside = false;
	c.rootfs = (char *)"rootfs";
	c.process = &p;
	r.container = &c;
	w.g.stage = HP_GUEST_ENDED;
	guest_refused(&w.host, "Create", &r.base, HP_ESTATE, "has a container already");
	assert_null(w.g.request);
	guest_world_close(&w);
}

static void signals_and_resizes_processes(void **state)
{
	Hp__Guest__SignalRequest sig = HP__GUEST__SIGNAL_REQUEST__INIT;
	Hp__Guest__ResizeRequest size = HP__GUEST__RESIZE_REQUEST__INIT;
	struct guest_heard out;
	struct guest_world w;
	Hp__Guest__Process p;
	char *args[3];

	(void)state;
	guest_world_open(&w);
	guest_hear(&w, &out, 2 * 4 + 1);
	guest_script(&p, "exec sleep 1000", args);
	guest_exec(&w.host, 1, &p);
	args[2] =
		(char *)"trap 'stty size; exit 3' WINCH; echo up; while :; do sleep 0.02; done";
	p.terminal = true;
	guest_exec(&w.host, 2, &p);
	while (out.got.len < 4)
		assert_true(hp_loop_once(w.g.loop, PATIENCE_MS, &(struct hp_error){0}) >= 0);
	hp_buf_free(&out.got);
	size.number = 2;
	size.width = 90;
	size.height = 20;
	guest_do(&w.host, "Resize", &size.base, &hp__guest__resize_response__descriptor);
	assert_int_equal(guest_exit(&w.host, 2), 3);
	guest_until(&w.host, &out.ended);
	guest_heard_text(&out, "20 90\r\n");
	/* Without a terminal there is nothing to be done. */
	size.number = 1;
	guest_do(&w.host, "Resize", &size.base, &hp__guest__resize_response__descriptor);
	sig.number = 1;
	sig.signal = SIGINT;
	guest_do(&w.host, "Signal", &sig.base, &hp__guest__signal_response__descriptor);
	assert_int_equal(guest_exit(&w.host, 1), 128 + SIGINT);
	guest_world_close(&w);
}

/* All of the container's: what is beside init is none of it. */
static void signals_all_but_what_is_outside(void **state)
{
	Hp__Guest__SignalRequest sig = HP__GUEST__SIGNAL_REQUEST__INIT;
	struct guest_world w;
	Hp__Guest__Process p;
	char *args[3];

	(void)state;
	guest_world_open(&w);
	guest_script(&p, "exec sleep 1000", args);
	guest_exec(&w.host, 1, &p);
	guest_exec(&w.host, 2, &p);
	hp_guest_process_find(&w.g, 2)->outside = false;
	sig.number = 2;
	sig.signal = SIGTERM;
	sig.all = true;
	guest_do(&w.host, "Signal", &sig.base, &hp__guest__signal_response__descriptor);
	assert_int_equal(guest_exit(&w.host, 2), 128 + SIGTERM);
	assert_non_null(hp_guest_process_find(&w.g, 1));
	sig.number = 1;
	sig.all = false;
	guest_do(&w.host, "Signal", &sig.base, &hp__guest__signal_response__descriptor);
	assert_int_equal(guest_exit(&w.host, 1), 128 + SIGTERM);
	guest_world_close(&w);
}

static void tells_of_itself(void **state)
{
	Hp__Guest__StatsRequest stats = HP__GUEST__STATS_REQUEST__INIT;
	Hp__Guest__LogRequest log = HP__GUEST__LOG_REQUEST__INIT;
	Hp__Guest__SetupRequest setup = HP__GUEST__SETUP_REQUEST__INIT;
	Hp__Guest__StatsResponse *counted;
	Hp__Guest__LogResponse *said;
	Hp__V2Metrics *m;
	struct guest_world w;

	(void)state;
	guest_world_open(&w);
	counted = guest_ask(&w.host, "Stats", &stats.base,
			    &hp__guest__stats_response__descriptor);
	m = hp__v2_metrics__unpack(NULL, counted->metrics.len, counted->metrics.data);
	assert_non_null(m);
	assert_non_null(m->memory);
	hp__v2_metrics__free_unpacked(m, NULL);
	hp__guest__stats_response__free_unpacked(counted, NULL);
	log.bytes = 100;
	said = guest_ask(&w.host, "Log", &log.base, &hp__guest__log_response__descriptor);
	assert_true(said->text.len <= 100);
	hp__guest__log_response__free_unpacked(said, NULL);
	/* What is not said stays as it is. */
	guest_do(&w.host, "Setup", &setup.base, &hp__guest__setup_response__descriptor);
	guest_world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(says_hello),
		FDS_TEST(one_waits_until_all_is_settled),
		FDS_TEST(forgets_who_waited_and_is_gone),
		FDS_TEST(refuses_what_there_is_no_container_for),
		FDS_TEST(holds_one_container),
		FDS_TEST(signals_and_resizes_processes),
		FDS_TEST(signals_all_but_what_is_outside),
		FDS_TEST(tells_of_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
