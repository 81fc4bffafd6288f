/* SPDX-License-Identifier: Apache-2.0 */
/* identity.c - what a container's process is, and what it may do. */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "suite.h"

static const char status_script[] =
	"grep -E '^(Uid|Gid|Groups|Cap|NoNewPrivs|Seccomp:)' /proc/self/status | tr '\\t' ' ';"
	"umask; cat /proc/self/oom_score_adj; ulimit -n; pwd";

static void is_root_with_some_capabilities(void **state)
{
	struct box b;

	box_init(&b, status_script);
	suite_run(*state, &b, 0,
		  "Uid: 0 0 0 0\nGid: 0 0 0 0\nGroups:  \n"
		  "CapInh: 0000000000000000\nCapPrm: 00000000a80425fb\n"
		  "CapEff: 00000000a80425fb\nCapBnd: 00000000a80425fb\n"
		  "CapAmb: 0000000000000000\nNoNewPrivs: 0\nSeccomp: 0\n"
		  "0022\n0\n1024\n/\n");
}

static void is_what_was_asked_for(void **state)
{
	static uint32_t groups[] = {7, 8};
	Hp__Guest__Int mask = HP__GUEST__INT__INIT, score = HP__GUEST__INT__INIT;
	Hp__Guest__Rlimit limit = HP__GUEST__RLIMIT__INIT;
	Hp__Guest__Rlimit *limits[] = {&limit};
	struct box b;

	box_init(&b, status_script);
	b.process.uid = 1000;
	b.process.gid = 1001;
	b.process.additional_gids = groups;
	b.process.n_additional_gids = 2;
	mask.value = 077;
	b.process.umask = &mask;
	score.value = 500;
	b.process.oom_score_adj = &score;
	limit.resource = RLIMIT_NOFILE;
	limit.soft = 300;
	limit.hard = 400;
	b.process.rlimits = limits;
	b.process.n_rlimits = 1;
	b.process.no_new_privileges = true;
	b.process.cwd = (char *)"/made/for/it";
	b.caps.inheritable = b.caps.ambient = b.caps.effective = b.caps.permitted = 1 << 10;
	suite_run(*state, &b, 0,
		  "Uid: 1000 1000 1000 1000\nGid: 1001 1001 1001 1001\nGroups: 7 8 \n"
		  "CapInh: 0000000000000400\nCapPrm: 0000000000000400\n"
		  "CapEff: 0000000000000400\nCapBnd: 00000000a80425fb\n"
		  "CapAmb: 0000000000000400\nNoNewPrivs: 1\nSeccomp: 0\n"
		  "0077\n500\n300\n/made/for/it\n");
}

static void has_no_capabilities(void **state)
{
	struct box b;

	box_init(&b, "grep CapBnd /proc/self/status; chown 1 /tmp 2>/dev/null || echo no");
	b.process.capabilities = NULL;
	suite_run(*state, &b, 0, "CapBnd:\t0000000000000000\nno\n");
}

static void owns_its_streams(void **state)
{
	struct box b;

	box_init(&b, "echo through >/dev/stdout; id -u; echo $HOME");
	b.process.uid = 1000;
	b.process.capabilities = NULL;
	suite_run(*state, &b, 0, "through\n1000\n/home/app\n");
}

/* The environment's last word counts, and PATH is the container's. */
static void has_its_environment(void **state)
{
	static char *env[] = {(char *)"A=1", (char *)"PATH=/nowhere:/bin", (char *)"A=2",
			      (char *)"HOME="};
	struct box b;

	box_init(&b, "");
	b.process.env = env;
	b.process.n_env = 4;
	b.args[0] = (char *)"env";
	b.process.n_args = 1;
	suite_run(*state, &b, 0, "PATH=/nowhere:/bin\nA=2\nHOME=/root\n");
}

static void filter(struct box *b, uint32_t syscall_number, uint32_t verdict,
		   struct sock_filter program[4])
{
	const struct sock_filter rows[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, syscall_number, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, verdict),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};

	memcpy(program, rows, sizeof(rows));
	b->container.seccomp.data = (uint8_t *)program;
	b->container.seccomp.len = sizeof(rows);
}

static void is_filtered(void **state)
{
	struct sock_filter program[4];
	struct box b;

	box_init(&b, "mkdir /tmp/x 2>/dev/null || echo refused");
	filter(&b, SYS_mkdir, SECCOMP_RET_ERRNO | ENOTTY, program);
	suite_run(*state, &b, 0, "refused\n");
}

/* Loaded last, the filter may even forbid what setting up takes. */
static void is_filtered_with_no_new_privileges(void **state)
{
	struct world *w = *state;
	struct sock_filter program[4];
	Hp__Guest__Process p;
	char *args[4];
	struct box b;

	box_init(&b, "exec cat");
	b.process.no_new_privileges = true;
	filter(&b, SYS_setresuid, SECCOMP_RET_KILL_PROCESS, program);
	box_run(w, &b);
	box_process(&b, "exit 9", &p, args);
	p.no_new_privileges = true;
	box_exec(w, 1, &p);
	assert_int_equal(world_exit(w, 1), 9);
	/* Without, it comes before, and an exec is as dead as runc would leave it. */
	p.no_new_privileges = false;
	box_exec(w, 2, &p);
	assert_int_equal(world_exit(w, 2), 128 + 31);
}

static void refuses_a_directory_that_is_missing(void **state)
{
	struct world *w = *state;
	Hp__Guest__ExecRequest request = HP__GUEST__EXEC_REQUEST__INIT;
	Hp__Guest__Process p;
	char *args[4];
	struct box b;

	box_init(&b, "exec cat");
	box_run(w, &b);
	box_process(&b, "true", &p, args);
	p.cwd = (char *)"/nope";
	request.number = 1;
	request.process = &p;
	box_refused(w, "Exec", &request.base, HP_ENOTFOUND,
		    "chdir to cwd (\"/nope\") set in config.json failed: no such file or "
		    "directory");
}

const struct CMUnitTest suite_identity[] = {
	GUEST_TEST(is_root_with_some_capabilities),
	GUEST_TEST(is_what_was_asked_for),
	GUEST_TEST(has_no_capabilities),
	GUEST_TEST(owns_its_streams),
	GUEST_TEST(has_its_environment),
	GUEST_TEST(is_filtered),
	GUEST_TEST(is_filtered_with_no_new_privileges),
	GUEST_TEST(refuses_a_directory_that_is_missing),
};
const size_t suite_identity_count = HP_ARRAY_LEN(suite_identity);
