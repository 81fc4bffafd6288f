/* SPDX-License-Identifier: Apache-2.0 */
/* oci_seccomp_table.c - which system calls a container may make by default: those that docker
 * allows, grouped by what they are for.
 * From: moby profiles/seccomp/default.json and default_linux.go; Linux syscalls(2).
 *
 * Left out on purpose: io_uring_* (it goes around seccomp itself, and moby dropped it in 25.0),
 * keyrings (not namespaced), kexec, swap, NFS server, userfaultfd. */
#include "wire/oci_seccomp_table.h"

#include <errno.h>
#include <stddef.h>

/* Flags of clone(2) that make a namespace: CLONE_NEWNS NEWCGROUP NEWUTS NEWIPC NEWUSER NEWPID NEWNET.
 * From: Linux include/uapi/linux/sched.h. */
#define CLONE_NAMESPACES 0x7e020000
/* From: Linux include/linux/socket.h. VSOCK reaches the hypervisor, past any network namespace. */
#define AF_VSOCK         40
/* From: Linux include/uapi/linux/personality.h: PER_LINUX, UNAME26, PER_LINUX32, both; a query. */
#define PERSONALITY(persona)                                                                   \
	{                                                                                      \
		.names = "personality", .arg = { 0, (persona), 0, "SCMP_CMP_EQ" }              \
	}

/* clang-format off: one row a group */
const struct hp_seccomp_row hp_seccomp__rows[] = {
	/* Files and directories: names. */
	{.names =
		 "access faccessat faccessat2 chdir fchdir getcwd chmod fchmod fchmodat fchmodat2 "
		 "chown chown32 fchown fchown32 fchownat lchown lchown32 creat open openat openat2 "
		 "link linkat symlink symlinkat readlink readlinkat rename renameat renameat2 "
		 "unlink unlinkat mkdir mkdirat rmdir mknod mknodat umask name_to_handle_at "
		 "truncate truncate64 ftruncate ftruncate64 utime utimes utimensat "
		 "utimensat_time64 futimesat"},
	/* Files: what they are. */
	{.names = "stat stat64 fstat fstat64 fstatat64 newfstatat lstat lstat64 statx statfs "
		  "statfs64 fstatfs fstatfs64 getdents getdents64 getxattr fgetxattr lgetxattr "
		  "setxattr fsetxattr lsetxattr listxattr flistxattr llistxattr removexattr "
		  "fremovexattr lremovexattr getxattrat setxattrat listxattrat removexattrat"},
	/* Files: their bytes. */
	{.names =
		 "read readv pread64 preadv preadv2 write writev pwrite64 pwritev pwritev2 lseek "
		 "_llseek readahead fadvise64 fadvise64_64 fallocate copy_file_range sendfile "
		 "sendfile64 splice tee vmsplice sync syncfs fsync fdatasync sync_file_range flock "
		 "cachestat"},
	/* Descriptors. */
	{.names =
		 "close close_range dup dup2 dup3 fcntl fcntl64 ioctl pipe pipe2 eventfd eventfd2 "
		 "signalfd signalfd4 memfd_create memfd_secret pidfd_open pidfd_send_signal"},
	/* Waiting for descriptors. */
	{.names =
		 "select _newselect pselect6 pselect6_time64 poll ppoll ppoll_time64 epoll_create "
		 "epoll_create1 epoll_ctl epoll_ctl_old epoll_wait epoll_wait_old epoll_pwait "
		 "epoll_pwait2 inotify_init inotify_init1 inotify_add_watch inotify_rm_watch "
		 "fanotify_mark io_setup io_destroy io_submit io_cancel io_getevents io_pgetevents "
		 "io_pgetevents_time64"},
	/* Sockets. */
	{.names =
		 "socketcall socketpair bind listen accept accept4 connect shutdown getsockname "
		 "getpeername getsockopt setsockopt send sendto sendmsg sendmmsg recv recvfrom "
		 "recvmsg recvmmsg recvmmsg_time64"},
	{.names = "socket", .arg = {0, AF_VSOCK, 0, "SCMP_CMP_NE"}},
	/* Memory. */
	{.names =
		 "brk mmap mmap2 munmap mremap mprotect madvise mincore msync mlock mlock2 "
		 "mlockall munlock munlockall remap_file_pages membarrier mseal map_shadow_stack "
		 "pkey_alloc pkey_free pkey_mprotect process_mrelease"},
	/* Processes and threads. */
	{.names =
		 "fork vfork execve execveat exit exit_group wait4 waitid waitpid getpid getppid "
		 "gettid getpgid getpgrp setpgid getsid setsid prctl seccomp set_tid_address "
		 "set_thread_area get_thread_area set_robust_list get_robust_list rseq "
		 "restart_syscall uretprobe"},
	{.names = "landlock_create_ruleset landlock_add_rule landlock_restrict_self"},
	/* Users, groups and what they may do. */
	{.names =
		 "getuid getuid32 geteuid geteuid32 getgid getgid32 getegid getegid32 getresuid "
		 "getresuid32 getresgid getresgid32 getgroups getgroups32 setuid setuid32 setgid "
		 "setgid32 setreuid setreuid32 setregid setregid32 setresuid setresuid32 setresgid "
		 "setresgid32 setfsuid setfsuid32 setfsgid setfsgid32 setgroups setgroups32 capget "
		 "capset"},
	/* Signals. */
	{.names =
		 "kill tkill tgkill pause alarm sigaltstack sigprocmask sigreturn rt_sigaction "
		 "rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend "
		 "rt_sigtimedwait rt_sigtimedwait_time64 rt_tgsigqueueinfo"},
	/* Time. Setting the clock by these still takes CAP_SYS_TIME. */
	{.names = "time gettimeofday clock_gettime clock_gettime64 clock_getres "
		  "clock_getres_time64 clock_nanosleep clock_nanosleep_time64 clock_adjtime "
		  "clock_adjtime64 adjtimex nanosleep times getitimer setitimer timer_create "
		  "timer_delete timer_getoverrun timer_gettime timer_gettime64 timer_settime "
		  "timer_settime64 timerfd_create timerfd_gettime timerfd_gettime64 "
		  "timerfd_settime timerfd_settime64"},
	/* Scheduling and limits. */
	{.names = "sched_yield sched_getaffinity sched_setaffinity sched_getattr sched_setattr "
		  "sched_getparam sched_setparam sched_getscheduler sched_setscheduler "
		  "sched_get_priority_max sched_get_priority_min sched_rr_get_interval "
		  "sched_rr_get_interval_time64 getpriority setpriority ioprio_get ioprio_set "
		  "getcpu getrlimit ugetrlimit setrlimit prlimit64 getrusage sysinfo uname"},
	/* Locks, shared memory, queues. */
	{.names =
		 "futex futex_time64 futex_waitv futex_wait futex_wake futex_requeue ipc semctl "
		 "semget semop semtimedop semtimedop_time64 shmat shmctl shmdt shmget msgctl msgget "
		 "msgrcv msgsnd mq_open mq_unlink mq_notify mq_getsetattr mq_timedreceive "
		 "mq_timedreceive_time64 mq_timedsend mq_timedsend_time64"},
	{.names = "getrandom"},
	/* Tracing stays inside, as the kernel checks namespaces and credentials since 4.8. */
	{.names = "ptrace process_vm_readv process_vm_writev"},

	PERSONALITY(0x0),
	PERSONALITY(0x0008),
	PERSONALITY(0x20000),
	PERSONALITY(0x20008),
	PERSONALITY(0xffffffff),

	/* Architectures. A machine may run its 32-bit programs too. */
	{.names = "arch_prctl modify_ldt", .arch = "amd64"},
	{.names = "modify_ldt", .arch = "386"},
	{.names = "arm_fadvise64_64 arm_sync_file_range sync_file_range2 breakpoint cacheflush "
		  "set_tls",
	 .arch = "arm64"},
	{.names = "arm_fadvise64_64 arm_sync_file_range sync_file_range2 breakpoint cacheflush "
		  "set_tls",
	 .arch = "arm"},
	{.names = "sync_file_range2 swapcontext", .arch = "ppc64le"},
	{.names = "s390_pci_mmio_read s390_pci_mmio_write s390_runtime_instr", .arch = "s390x"},
	{.names = "riscv_flush_icache riscv_hwprobe", .arch = "riscv64"},

	/* Capabilities that were given shall be of use. */
	{.names = "open_by_handle_at", .cap = "CAP_DAC_READ_SEARCH"},
	{.names =
		 "bpf clone clone3 fanotify_init fsconfig fsmount fsopen fspick listmount "
		 "lookup_dcookie mount mount_setattr move_mount open_tree perf_event_open quotactl "
		 "quotactl_fd setdomainname sethostname setns statmount syslog umount umount2 "
		 "unshare",
	 .cap = "CAP_SYS_ADMIN"},
	{.names = "bpf", .cap = "CAP_BPF"},
	{.names = "perf_event_open", .cap = "CAP_PERFMON"},
	{.names = "reboot", .cap = "CAP_SYS_BOOT"},
	{.names = "chroot", .cap = "CAP_SYS_CHROOT"},
	{.names = "init_module finit_module delete_module", .cap = "CAP_SYS_MODULE"},
	{.names = "acct", .cap = "CAP_SYS_PACCT"},
	{.names = "kcmp pidfd_getfd process_madvise", .cap = "CAP_SYS_PTRACE"},
	{.names = "iopl ioperm", .cap = "CAP_SYS_RAWIO"},
	{.names = "settimeofday stime clock_settime clock_settime64", .cap = "CAP_SYS_TIME"},
	{.names = "vhangup", .cap = "CAP_SYS_TTY_CONFIG"},
	{.names = "get_mempolicy mbind set_mempolicy set_mempolicy_home_node",
	 .cap = "CAP_SYS_NICE"},
	{.names = "syslog", .cap = "CAP_SYSLOG"},

	/* Without CAP_SYS_ADMIN: threads and processes, but no namespaces. The flags of clone3 are in
	 * memory, where a filter cannot look: ENOSYS makes the C library take clone instead. */
	{.names = "clone",
	 .without_cap = "CAP_SYS_ADMIN",
	 .without_arch = "s390x",
	 .arg = {0, CLONE_NAMESPACES, 0, "SCMP_CMP_MASKED_EQ"}},
	/* There the stack comes first. From: clone(2), "C library/kernel differences". */
	{.names = "clone",
	 .without_cap = "CAP_SYS_ADMIN",
	 .arch = "s390x",
	 .arg = {1, CLONE_NAMESPACES, 0, "SCMP_CMP_MASKED_EQ"}},
	{.names = "clone3", .without_cap = "CAP_SYS_ADMIN", .refused_with = ENOSYS},
	{.names = NULL},
};
/* clang-format on */
