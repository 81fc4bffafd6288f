/* SPDX-License-Identifier: Apache-2.0 */
/* client_shell.c - runs a program in a machine: its streams go by way of FIFOs, as any exec's, and
 * its end by Wait. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/path.h"
#include "net/ttrpc_client.h"
#include "shim.pb-c.h"
#include "shim/client_parts.h"

#define CALL_MS     30000
#define CHUNK_BYTES 32768

struct shell {
	const struct hp_shim_shell *spec;
	char *exec_id, *dir, *in, *out, *err;
	int in_fd, out_fd, err_fd; /* our ends; -1: closed */
	struct hp_loop *loop;
	struct hp_ttrpc_client *client;
	bool ended;
	int status;
	struct hp_error why;
};

/* Both sides have them open, or will not any more. */
static void remove_streams(struct shell *s)
{
	struct hp_error ignored = HP_ERROR_INIT;

	if (s->dir)
		(void)!hp_remove_tree(s->dir, &ignored);
	free(TAKE(s->dir));
}

static void shell_clear(struct shell *s)
{
	int *fds[] = {&s->in_fd, &s->out_fd, &s->err_fd};

	for (size_t i = 0; i < HP_ARRAY_LEN(fds); i++)
		if (*fds[i] >= 0)
			close(TAKE_FD(*fds[i]));
	hp_ttrpc_client_free(TAKE(s->client));
	hp_loop_free(TAKE(s->loop));
	remove_streams(s);
	free(s->exec_id);
	free(s->in);
	free(s->out);
	free(s->err);
}
HP_AUTO_VALUE(struct shell, shell_clear);

static int make_fifo(const char *dir, const char *name, char **ret_path, struct hp_error *err)
{
	*ret_path = hp_path_join(dir, name);
	if (mkfifo(*ret_path, 0600) < 0)
		return hp_fail_errno(err, errno, "make the FIFO '%s'", *ret_path);
	return 0;
}

static int open_fifo(const char *path, int flags, int *ret_fd, struct hp_error *err)
{
	*ret_fd = open(path, flags | O_NONBLOCK | O_CLOEXEC);
	if (*ret_fd < 0)
		return hp_fail_errno(err, errno, "open the FIFO '%s'", path);
	return 0;
}

/* The shim keeps the other ends open, from the start of the program on. */
static int make_streams(struct shell *s, struct hp_error *err)
{
	char dir[] = "/tmp/harpoon-vm.XXXXXX";

	if (!mkdtemp(dir))
		return hp_fail_errno(err, errno, "make a directory in /tmp");
	s->dir = hp_strdup(dir);
	if (make_fifo(dir, "in", &s->in, err) < 0 || make_fifo(dir, "out", &s->out, err) < 0)
		return -1;
	if (open_fifo(s->in, O_RDWR, &s->in_fd, err) < 0 ||
	    open_fifo(s->out, O_RDONLY, &s->out_fd, err) < 0)
		return -1;
	if (s->spec->terminal) {
		s->err = hp_strdup("");
		return 0;
	}
	if (make_fifo(dir, "err", &s->err, err) < 0)
		return -1;
	return open_fifo(s->err, O_RDONLY, &s->err_fd, err);
}

static int ask(const struct shell *s, const char *service, const char *method,
	       const ProtobufCMessage *request, struct hp_error *err)
{
	AUTO(hp_buf_free) struct hp_buf reply = {0};
	const struct hp_shim__ask what = {.socket = s->spec->socket,
					  .service = service,
					  .method = method,
					  .request = request,
					  .timeout_ms = CALL_MS};

	return hp_shim__ask(&what, &reply, err);
}

static int begin(const struct shell *s, struct hp_error *err)
{
	Hp__Shim__ShellRequest shell = HP__SHIM__SHELL_REQUEST__INIT;
	Hp__Shim__ResizePtyRequest resize = HP__SHIM__RESIZE_PTY_REQUEST__INIT;
	Hp__Shim__StartRequest start = HP__SHIM__START_REQUEST__INIT;

	shell.exec_id = resize.exec_id = start.exec_id = s->exec_id;
	resize.id = start.id = (char *)(uintptr_t)s->spec->id;
	shell.terminal = s->spec->terminal;
	shell.stdin = s->in;
	shell.stdout = s->out;
	shell.stderr = s->err;
	while (s->spec->words[shell.n_args])
		shell.n_args++;
	shell.args = (char **)(uintptr_t)s->spec->words;
	resize.width = s->spec->width;
	resize.height = s->spec->height;
	if (ask(s, HP_SHIM__DEBUG, "Shell", &shell.base, err) < 0 ||
	    ask(s, HP_SHIM__TASK, "ResizePty", &resize.base, err) < 0)
		return -1;
	return ask(s, HP_SHIM__TASK, "Start", &start.base, err);
}

static void on_exit_news(void *data, struct hp_bytes payload, const struct hp_error *why)
{
	struct shell *s = data;
	AUTO(hp_shim_msg_free) ProtobufCMessage *m = NULL;

	s->ended = true;
	if (why)
		s->why = *why;
	else if (hp_shim_unpack(&hp__shim__wait_response__descriptor, payload, &m, &s->why) ==
		 0)
		s->status = (int)((const Hp__Shim__WaitResponse *)(const void *)m)->exit_status;
}

static int wait_for(struct shell *s, struct hp_error *err)
{
	Hp__Shim__WaitRequest request = HP__SHIM__WAIT_REQUEST__INIT;
	AUTO(hp_shim_packed_free) struct hp_shim_packed packed = {0};
	struct hp_ttrpc_outgoing o = {.service = HP_SHIM__TASK, .method = "Wait"};
	int fd;

	request.id = (char *)(uintptr_t)s->spec->id;
	request.exec_id = s->exec_id;
	packed = hp_shim_pack(&request.base);
	o.payload = packed.bytes;
	if (hp_loop_new(&s->loop, err) < 0 || hp_unix_connect(s->spec->socket, &fd, err) < 0)
		return -1;
	if (hp_ttrpc_client_new(s->loop, fd, NULL, NULL, &s->client, err) < 0)
		return -1;
	hp_ttrpc_call(s->client, &o, on_exit_news, s);
	return 0;
}

/* Move what is there from @from to @to. Returns: whether @from goes on. */
static bool move(int from, int to)
{
	struct hp_error ignored = HP_ERROR_INIT;
	char bytes[CHUNK_BYTES];
	ssize_t n = read(from, bytes, sizeof(bytes));

	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	return n > 0 && hp_fd_write_all(to, bytes, (size_t)n, &ignored) == 0;
}

static void move_output(int *fd, int to, short events)
{
	if (*fd >= 0 && events && !move(*fd, to))
		close(TAKE_FD(*fd));
}

/* Move all that is there. */
static void drain(int from, int to)
{
	struct pollfd p = {.fd = from, .events = POLLIN};

	while (from >= 0 && poll(&p, 1, 0) > 0 && (p.revents & POLLIN) && move(from, to))
		;
}

static void close_input(struct shell *s)
{
	Hp__Shim__CloseIORequest request = HP__SHIM__CLOSE_IOREQUEST__INIT;
	struct hp_error ignored = HP_ERROR_INIT;

	close(TAKE_FD(s->in_fd));
	request.id = (char *)(uintptr_t)s->spec->id;
	request.exec_id = s->exec_id;
	request.stdin = true;
	if (ask(s, HP_SHIM__TASK, "CloseIO", &request.base, &ignored) < 0)
		hp_error_clear(&ignored);
}

/* One round: what can be moved is moved, and the loop is turned for the end. */
static int relay_once(struct shell *s, struct hp_error *err)
{
	struct pollfd fds[] = {
		{.fd = s->in_fd >= 0 ? STDIN_FILENO : -1, .events = POLLIN},
		{.fd = s->out_fd, .events = POLLIN},
		{.fd = s->err_fd, .events = POLLIN},
	};

	if (poll(fds, HP_ARRAY_LEN(fds), 20) < 0 && errno != EINTR)
		return hp_fail_errno(err, errno, "poll");
	if (s->in_fd >= 0 && fds[0].revents && !move(STDIN_FILENO, s->in_fd))
		close_input(s);
	move_output(&s->out_fd, STDOUT_FILENO, fds[1].revents);
	move_output(&s->err_fd, STDERR_FILENO, fds[2].revents);
	return hp_loop_once(s->loop, 0, err) < 0 ? -1 : 0;
}

static int relay(struct shell *s, struct hp_error *err)
{
	while (!s->ended)
		if (relay_once(s, err) < 0)
			return -1;
	/* The shim passes everything on before it tells of the end, so it is in the FIFOs. */
	drain(s->out_fd, STDOUT_FILENO);
	drain(s->err_fd, STDERR_FILENO);
	if (s->why.code != HP_OK)
		return hp_fail(err, s->why.code, "%s", s->why.msg);
	return 0;
}

int hp_shim_ask_shell(const struct hp_shim_shell *shell, int *ret_status, struct hp_error *err)
{
	AUTO(shell_clear)
	struct shell s = {.spec = shell, .in_fd = -1, .out_fd = -1, .err_fd = -1};
	Hp__Shim__DeleteRequest request = HP__SHIM__DELETE_REQUEST__INIT;
	struct hp_error ignored = HP_ERROR_INIT;

	s.exec_id = hp_sprintf("harpoon-debug-%d", (int)getpid());
	if (make_streams(&s, err) < 0 || begin(&s, err) < 0)
		return -1;
	remove_streams(&s);
	if (wait_for(&s, err) < 0 || relay(&s, err) < 0)
		return -1;
	request.id = (char *)(uintptr_t)shell->id;
	request.exec_id = s.exec_id;
	if (ask(&s, HP_SHIM__TASK, "Delete", &request.base, &ignored) < 0)
		hp_error_clear(&ignored);
	*ret_status = s.status;
	return 0;
}
