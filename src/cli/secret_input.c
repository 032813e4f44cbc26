/*
 * A secret is never an argument: every user of the host can read those. It is read with
 * read(2) into one buffer that is wiped; stdio would keep a copy.
 */
#include "secret_input.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include "base/fsio.h"
#include "base/mem.h"
#include "domain/secret_value.h"

#define INPUT_MAX (SECRET_MAX + 3) /* one more than a secret and its newline */
#define TERMINAL_LINE_MAX 4095	   /* the kernel drops the rest of a longer line (termios(3)) */

static int read_all(char *buf, size_t size, size_t *out_len, struct err *e)
{
	size_t have = 0;

	while (have < size) {
		ssize_t n = read(STDIN_FILENO, buf + have, size - have);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(e, errno, "read standard input");
		if (n == 0)
			break;
		have += (size_t)n;
	}
	*out_len = have;
	return 0;
}

static void say(const char *text)
{
	if (fsio_write_fd(STDERR_FILENO, text, strlen(text)))
		return; /* nobody sees the prompt, and the terminal is still read */
}

/* Waits for a line or for a signal that would end the program and leave the terminal silent. */
static int wait_for_line(int signals, struct err *e)
{
	struct pollfd fds[] = { { .fd = STDIN_FILENO, .events = POLLIN },
				{ .fd = signals, .events = POLLIN } };

	while (poll(fds, ARRAY_SIZE(fds), -1) < 0)
		if (errno != EINTR)
			return err_sys(e, errno, "wait for the terminal");
	return fds[1].revents ? err_set(e, ERR_USAGE, "cancelled; nothing was changed") : 0;
}

static int read_line(int signals, char *buf, size_t *out_len, struct err *e)
{
	ssize_t n;

	if (wait_for_line(signals, e))
		return -1;
	n = read(STDIN_FILENO, buf, INPUT_MAX);
	if (n < 0)
		return err_sys(e, errno, "read the terminal");
	if (n == 0)
		return err_set(e, ERR_USAGE, "cancelled; nothing was changed");
	if (n >= TERMINAL_LINE_MAX)
		return err_set(e, ERR_USAGE,
			       "a terminal takes lines of up to 4094 bytes; give it on standard "
			       "input");
	*out_len = (size_t)n;
	return 0;
}

/* Echo off and every signal that ends us held back, until both are as they were. */
static int ask(const char *prompt, char *buf, size_t *out_len, struct err *e)
{
	struct termios shown, hidden;
	sigset_t set, old;
	int rc;

	if (tcgetattr(STDIN_FILENO, &shown))
		return err_sys(e, errno, "read the settings of the terminal");
	hidden = shown;
	hidden.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL);
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGQUIT);
	sigaddset(&set, SIGTSTP);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, &old);
	auto_fd int signals = signalfd(-1, &set, SFD_CLOEXEC);
	if (signals < 0 || tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden)) {
		rc = err_sys(e, errno, "silence the terminal");
	} else {
		say(prompt);
		rc = read_line(signals, buf, out_len, e);
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
		say("\n");
	}
	if (rc && signals >= 0) {
		/* what was held back is answered by the error */
		struct signalfd_siginfo info;
		struct pollfd more = { .fd = signals, .events = POLLIN };

		while (poll(&more, 1, 0) > 0 && read(signals, &info, sizeof(info)) > 0)
			;
	}
	sigprocmask(SIG_SETMASK, &old, NULL);
	return rc;
}

int secret_input(const char *tenant, const char *key, struct secret *out, struct err *e)
{
	bool terminal = isatty(STDIN_FILENO);
	auto_free char *prompt = mem_printf("Secret %s of tenant %s (not shown): ", key, tenant);
	char *buf = mem_alloc(INPUT_MAX + 1);
	size_t len = 0;
	int rc = terminal ? ask(prompt, buf, &len, e) : read_all(buf, INPUT_MAX, &len, e);

	if (!rc && secret_value_trim(buf, &len, e)) {
		e->code = ERR_USAGE;
		rc = err_wrap(e, "the secret");
	}
	if (rc) {
		mem_wipe_free(buf, INPUT_MAX);
		return -1;
	}
	if (terminal) {
		auto_free char *note = mem_printf("%zu characters\n", len);

		say(note);
	}
	*out = (struct secret){ .text = buf, .len = len };
	return 0;
}
