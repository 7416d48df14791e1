/* Makes an Intel CPU look like one that has AVX2 and nothing newer, to every program that preloads this library.
 *
 *     cc -shared -fPIC -o hide_vnni.so hide_vnni.c && LD_PRELOAD=./hide_vnni.so python ...
 *
 * Linux lets a process forbid itself CPUID (arch_prctl ARCH_SET_CPUID), where the CPU can: the instruction then
 * raises SIGSEGV. The handler here executes it after all, and takes away what a Haswell does not have. Libraries
 * that ask before they choose a kernel choose as they would there, and run at full speed.
 *
 * Needs Linux on an Intel CPU with CPUID faulting; elsewhere it says so and ends the program.
 */
#define _GNU_SOURCE
#include <asm/prctl.h>
#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

enum { EXTENDED_FEATURES = 7, SAVED_STATE = 0xd };
enum { X87_SSE_AVX = 7 };

/* Of leaf 7, what Haswell has: FSGSBASE, BMI1, AVX2, SMEP, BMI2, ERMS, INVPCID; in EBX alone. */
static const unsigned haswell = 1u << 0 | 1u << 3 | 1u << 5 | 1u << 7 | 1u << 8 | 1u << 9 | 1u << 10;

typedef int sigaction_t(int, const struct sigaction *, struct sigaction *);

static struct sigaction of_program; /* what the program wants done on SIGSEGV */
static volatile sig_atomic_t given_back; /* a fault of its own has happened: SIGSEGV is the program's again */

static sigaction_t *libc_sigaction(void) {
  return (sigaction_t *)dlsym(RTLD_NEXT, "sigaction");
}

static int allow_cpuid(int allowed) {
  return (int)syscall(SYS_arch_prctl, ARCH_SET_CPUID, allowed);
}

static int is_cpuid(const unsigned char *code) {
  return code[0] == 0x0f && code[1] == 0xa2;
}

static void answer_cpuid(greg_t *registers) {
  unsigned leaf = (unsigned)registers[REG_RAX], subleaf = (unsigned)registers[REG_RCX], a, b, c, d;
  allow_cpuid(1);
  __asm__ volatile("cpuid" : "=a"(a), "=b"(b), "=c"(c), "=d"(d) : "0"(leaf), "2"(subleaf));
  allow_cpuid(0);
  if (leaf == EXTENDED_FEATURES) {
    b &= subleaf == 0 ? haswell : 0;
    a = c = d = 0;
  }
  if (leaf == SAVED_STATE && subleaf == 0) a &= X87_SSE_AVX;
  registers[REG_RAX] = a, registers[REG_RBX] = b, registers[REG_RCX] = c, registers[REG_RDX] = d;
  registers[REG_RIP] += 2; /* past the instruction */
}

static void on_fault(int signal, siginfo_t *info, void *context) {
  greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
  if (info->si_code == SI_KERNEL && is_cpuid((const unsigned char *)registers[REG_RIP])) {
    answer_cpuid(registers);
    return;
  }
  given_back = 1;
  libc_sigaction()(signal, &of_program, NULL); /* and on return the fault happens again */
}

/* Stands before libc's: the handler stays, whatever the program sets. */
int sigaction(int signal, const struct sigaction *wanted, struct sigaction *before) {
  if (signal != SIGSEGV || given_back) return libc_sigaction()(signal, wanted, before);
  if (before) *before = of_program;
  if (wanted) of_program = *wanted;
  return 0;
}

__attribute__((constructor)) static void hide(void) {
  struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK};
  libc_sigaction()(SIGSEGV, &action, NULL);
  if (allow_cpuid(0) == 0) return;
  perror("hide_vnni: this CPU cannot refuse CPUID");
  _exit(EXIT_FAILURE);
}
