/* SPDX-License-Identifier: Apache-2.0 */
/* net-conn_tls.c - tests of src/net/conn_tls.c: what there is no connection with. With real peers it is
 * tested end to end, where each refusal of a certificate has its own words. */
#include "net/conn.h"

#include <arpa/inet.h>

#include "base/clock.h"
#include "scratch.h"

static void refused(const struct hp_conn_tls *to, enum hp_code code, const char *part)
{
	struct hp_conn *conn = NULL;
	struct hp_error err = HP_ERROR_INIT;

	assert_int_equal(hp_conn_tls(to, hp_deadline_in(20000), &conn, &err), -1);
	assert_null(conn);
	if (err.code != code || !strstr(err.msg, part))
		fail_msg("%s: %s", hp_code_name(err.code), err.msg);
}

static void files_must_be_there(void **state)
{
	const struct hp_conn_tls ca = {.host = "127.0.0.1", .port = "1", .ca = "/no/ca.pem"};
	const struct hp_conn_tls cert = {
		.host = "127.0.0.1", .port = "1", .cert = "/no/cert.pem"};
	const struct hp_conn_tls key = {.host = "127.0.0.1", .port = "1", .key = "/no/key.pem"};

	(void)state;
	refused(&ca, HP_ENOTFOUND, "/no/ca.pem");
	refused(&cert, HP_ENOTFOUND, "/no/cert.pem");
	refused(&key, HP_ENOTFOUND, "/no/key.pem");
}

static void nobody_listens(void **state)
{
	const struct hp_conn_tls to = {.host = "127.0.0.1", .port = "1"};

	(void)state;
	refused(&to, HP_EUNAVAILABLE, "");
}

/* A child that answers one connection with text. Returns: its port. */
static unsigned plain_server(pid_t *ret_pid)
{
	struct sockaddr_in addr = {.sin_family = AF_INET,
				   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(addr);
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&addr, &len), 0);
	*ret_pid = fork();
	assert_true(*ret_pid >= 0);
	if (*ret_pid == 0) {
		static const char text[] = "HTTP/1.1 400 Bad Request\r\n\r\n";
		const int peer = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
		char hello[1024];
		const bool done = recv(peer, hello, sizeof(hello), 0) > 0 &&
				  send(peer, text, sizeof(text) - 1, MSG_NOSIGNAL) > 0;
		_exit(done ? 0 : 1);
	}
	close(fd);
	return ntohs(addr.sin_port);
}

static void what_listens_speaks_no_tls(void **state)
{
	pid_t pid = -1;
	int status = -1;
	AUTO_FREE char *port = hp_sprintf("%u", plain_server(&pid));
	const struct hp_conn_tls to = {.host = "127.0.0.1", .port = port};

	(void)state;
	refused(&to, HP_EUNAVAILABLE, "");
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(files_must_be_there),
		cmocka_unit_test(nobody_listens),
		cmocka_unit_test(what_listens_speaks_no_tls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
