/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - owns the two ways in which harpoon-init is run: as a machine's first process, and inside
 * of namespaces, for tests and for machines that are none. */
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/reboot.h>
#include <unistd.h>

#include "base/error.h"
#include "guest/init.h"

static const char usage[] =
	"usage: harpoon-init --ports CONTROL,STDIO[,FILES] [--shares DIR] [--cgroup DIR]\n"
	"\n"
	"The first process of a container's virtual machine, which the kernel runs without options.\n"
	"With them it serves the descriptors CONTROL and STDIO, and mounts the files that are served\n"
	"on FILES; it must be the first process of its PID and mount namespaces then.\n"
	"  --shares DIR   let DIR be the files, in place of FILES\n"
	"  --cgroup DIR   put the container into a cgroup below DIR (version 2)\n";

struct args {
	struct hp_guest_ports ports;
	const char *shares;
	const char *cgroup;
};

static int bad_usage(void)
{
	fputs(usage, stderr);
	return hp_code_exit(HP_EUSAGE);
}

/* Returns: false when it is not of the form. */
static bool parse_ports(const char *text, struct hp_guest_ports *ret)
{
	struct hp_guest_ports p = HP_GUEST_PORTS_INIT;
	int used = 0;
	int n = sscanf(text, "%d,%d%n,%d%n", &p.control, &p.stdio, &used, &p.files, &used);

	if (n < 2 || text[used] || p.control < 0 || p.stdio < 0)
		return false;
	*ret = p;
	return true;
}

static bool parse(int argc, char **argv, struct args *ret)
{
	static const struct option options[] = {
		{"ports", required_argument, NULL, 'p'},
		{"shares", required_argument, NULL, 's'},
		{"cgroup", required_argument, NULL, 'c'},
		{0},
	};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		if (option == 's')
			ret->shares = optarg;
		else if (option == 'c')
			ret->cgroup = optarg;
		else if (option != 'p' || !parse_ports(optarg, &ret->ports))
			return false;
	}
	return optind == argc && ret->ports.control >= 0;
}

/* Inside of namespaces: end as a program does. */
static int run_inside(int argc, char **argv)
{
	struct args a = {.ports = HP_GUEST_PORTS_INIT};
	struct hp_error err = HP_ERROR_INIT;

	if (!parse(argc, argv, &a))
		return bad_usage();
	if (getpid() != 1)
		return bad_usage();
	if (hp_guest_boot_inside(a.shares, &err) < 0 ||
	    hp_guest_init_run(&a.ports, a.cgroup, &err) < 0) {
		fprintf(stderr, "harpoon-init: %s\n", err.msg);
		return hp_code_exit(err.code);
	}
	return 0;
}

/* The kernel's first process may not end: the machine does. The VMM takes a restart for the end too,
 * and it needs less of the kernel than to switch off. */
static _Noreturn void run_machine(void)
{
	struct hp_guest_ports ports = HP_GUEST_PORTS_INIT;
	struct hp_error err = HP_ERROR_INIT;

	if (hp_guest_boot(&ports, &err) < 0 ||
	    hp_guest_init_run(&ports, "/sys/fs/cgroup", &err) < 0)
		/* Level 2 is one that a quiet console shows. */
		fprintf(stderr, "<2>harpoon-init: %s\n", err.msg);
	reboot(RB_AUTOBOOT);
	_exit(1);
}

int main(int argc, char **argv)
{
	/* The kernel hands over words of its command line that it does not know. */
	if (getpid() == 1 && (argc == 1 || strncmp(argv[1], "--", 2) != 0))
		run_machine();
	return run_inside(argc, argv);
}
