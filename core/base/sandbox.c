/* SPDX-License-Identifier: ISC */
/*
 * Giving up rights, see sandbox.h.  Linux: Landlock says which files,
 * seccomp which system calls; OpenBSD: unveil and pledge.  What is denied
 * fails with EPERM or EACCES; nothing is ever killed, for an MTA may end with
 * the program.
 */
#include "base/sandbox.h"

#ifdef __linux__

#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <unistd.h>

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>

#if defined(__x86_64__)
#define NATIVE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define NATIVE AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define NATIVE AUDIT_ARCH_RISCV64
#elif defined(__i386__)
#define NATIVE AUDIT_ARCH_I386
#elif defined(__arm__)
#define NATIVE AUDIT_ARCH_ARM
#endif

/* ---- system calls -------------------------------------------------------- */

#ifdef NATIVE

#define LOAD(field)                                                            \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define EQUAL(value, yes, no)                                                  \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), (yes), (no))
#define ALLOW      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define DENY       BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM)
#define DENY_IF(n) EQUAL(SYS_##n, 0, 1), DENY

/* Calls of another architecture (x32 among them) are not ours to judge by
 * number: all are denied. */
static struct sock_filter filter[] = {
	/* prctl() wants to write */
	LOAD(arch),
	EQUAL(NATIVE, 1, 0),
	DENY,
	LOAD(nr),
#ifdef __x86_64__
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1),
	DENY,
#endif
	DENY_IF(execve),
	DENY_IF(execveat),
	DENY_IF(ptrace),
	DENY_IF(process_vm_readv),
	DENY_IF(process_vm_writev),
	DENY_IF(bpf),
	DENY_IF(perf_event_open),
	DENY_IF(keyctl),
	DENY_IF(add_key),
	DENY_IF(request_key),
#ifdef SYS_userfaultfd
	DENY_IF(userfaultfd),
#endif
#ifdef SYS_io_uring_setup
	DENY_IF(io_uring_setup), /* would do all of the above unseen */
#endif
#ifdef SYS_socketcall
	DENY_IF(socketcall),
#endif
	EQUAL(SYS_socket, 1, 0),
	ALLOW,
	LOAD(args[0]), /* its low half: families are small numbers */
	EQUAL(AF_UNIX, 0, 1),
	ALLOW,
	DENY,
};

static enum sts_rc
limit_calls(struct sts_error *err)
{
	const struct sock_fprog program = {
		.len = sizeof(filter) / sizeof(filter[0]),
		.filter = filter,
	};

	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == -1 &&
	    errno != EINVAL)
		return sts_error_sys(err, STS_ESYS, "sandbox: seccomp");
	return STS_OK;
}

#else

static enum sts_rc
limit_calls(struct sts_error *err)
{
	(void)err;
	return STS_OK;
}

#endif

/* ---- files --------------------------------------------------------------- */

#define READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define WRITE                                                                  \
	(READ | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REFER |     \
	    LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |   \
	    LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |        \
	    LANDLOCK_ACCESS_FS_MAKE_SOCK)
/* All that the version that lets files move between directories knows of:
 * the state's are made in one and belong in another. */
#define VERSION 2
#define HANDLED                                                                \
	(WRITE | LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_MAKE_CHAR |   \
	    LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK |     \
	    LANDLOCK_ACCESS_FS_MAKE_SYM)
#define FILE_RIGHTS                                                            \
	(LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE)

#define BOOT_ID   "/proc/sys/kernel/random/boot_id"
#define NULL_FILE "/dev/null"

/* RIGHTS on PATH and all below it; a path that is not there needs none. */
static enum sts_rc
permit(int rules, const char *path, bool directory, __u64 rights,
    struct sts_error *err)
{
	struct landlock_path_beneath_attr beneath = {
		.allowed_access = directory ? rights : rights & FILE_RIGHTS
	};
	enum sts_rc rc = STS_OK;

	beneath.parent_fd = open(path, O_PATH | O_CLOEXEC);
	if (beneath.parent_fd == -1)
		return STS_OK;
	if (syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH,
		&beneath, 0) == -1)
		rc = sts_error_sys(err, STS_ESYS, "sandbox: %s", path);
	(void)close(beneath.parent_fd);
	return rc;
}

static enum sts_rc
permit_inputs(int rules, const char *const *path, struct sts_error *err)
{
	enum sts_rc rc = STS_OK;
	struct stat st;

	for (; rc == STS_OK && *path != NULL; path++)
		if (stat(*path, &st) == 0)
			rc = permit(rules, *path, S_ISDIR(st.st_mode), READ,
			    err);
	return rc;
}

static enum sts_rc
permit_all(int rules, const struct sts_sandbox *sandbox, struct sts_error *err)
{
	enum sts_rc rc = STS_OK;

	if (sandbox->writable != NULL)
		rc = permit(rules, sandbox->writable, true, WRITE, err);
	if (rc == STS_OK && sandbox->inputs != NULL)
		rc = permit_inputs(rules, sandbox->inputs, err);
	if (rc == STS_OK && sandbox->readable != NULL)
		rc = permit(rules, sandbox->readable, true, READ, err);
	if (rc == STS_OK)
		rc = permit(rules, BOOT_ID, false, READ, err);
	if (rc == STS_OK)
		rc = permit(rules, NULL_FILE, false, WRITE, err);
	return rc;
}

static enum sts_rc
limit_files(const struct sts_sandbox *sandbox, struct sts_error *err)
{
	const struct landlock_ruleset_attr attr = { .handled_access_fs =
							HANDLED };
	enum sts_rc rc;
	int rules;

	if (syscall(SYS_landlock_create_ruleset, NULL, 0,
		LANDLOCK_CREATE_RULESET_VERSION) < VERSION)
		return STS_OK; /* a kernel without it, or too old */
	rules = (int)syscall(SYS_landlock_create_ruleset, &attr,
	    sizeof(attr.handled_access_fs), 0);
	if (rules == -1)
		return sts_error_sys(err, STS_ESYS, "sandbox: Landlock");
	rc = permit_all(rules, sandbox, err);
	if (rc == STS_OK && syscall(SYS_landlock_restrict_self, rules, 0) == -1)
		rc = sts_error_sys(err, STS_ESYS, "sandbox: Landlock");
	(void)close(rules);
	return rc;
}

enum sts_rc
sts_sandbox_enter(const struct sts_sandbox *sandbox, struct sts_error *err)
{
	enum sts_rc files, calls;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		return sts_error_sys(err, STS_ESYS, "sandbox: no_new_privs");
	files = limit_files(sandbox, err);
	calls = limit_calls(files == STS_OK ? err : NULL);
	return files != STS_OK ? files : calls;
}

#elif defined(__OpenBSD__)

#include <errno.h>
#include <unistd.h>

enum sts_rc
sts_sandbox_enter(const struct sts_sandbox *sandbox, struct sts_error *err)
{
	const char *const *path = sandbox->inputs;

	for (; path != NULL && *path != NULL; path++)
		if (unveil(*path, "r") == -1 && errno != ENOENT)
			return sts_error_sys(err, STS_ESYS, "sandbox: %s",
			    *path);
	if ((sandbox->writable != NULL &&
		unveil(sandbox->writable, "rwc") == -1) ||
	    (sandbox->readable != NULL &&
		unveil(sandbox->readable, "r") == -1) ||
	    unveil("/dev/null", "rw") == -1 ||
	    pledge("stdio rpath wpath cpath fattr flock unix", NULL) == -1)
		return sts_error_sys(err, STS_ESYS, "sandbox");
	return STS_OK;
}

#else

enum sts_rc
sts_sandbox_enter(const struct sts_sandbox *sandbox, struct sts_error *err)
{
	(void)sandbox;
	(void)err;
	return STS_OK;
}

#endif
