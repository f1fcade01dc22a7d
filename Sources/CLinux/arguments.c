// Swift reads the arguments of a program from /proc/self/cmdline, and takes an empty list for them where /proc is not
// mounted. glibc passes them to each constructor as well, so they are handed to Swift here, before anything asks.

void _swift_stdlib_overrideUnsafeArgvArgc(char **arguments, int count) __attribute__((weak));

__attribute__((constructor)) static void pass_arguments(int count, char **arguments) {
  if (_swift_stdlib_overrideUnsafeArgvArgc) _swift_stdlib_overrideUnsafeArgvArgc(arguments, count);
}
