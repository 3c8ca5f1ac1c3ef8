import Foundation

/// A library that is loaded in front of a process's own (`LD_PRELOAD`) and lies to it: about the clock, or about how fast
/// the disk is. Made by the C compiler that every Swift on Linux brings along.
///
/// It stands for what a test may not do to the machine: set its clock, put a slow disk into it.
struct Mischief {
    private let folder: String

    /// Compiles it into a folder of its own.
    init() throws {
        folder = NSTemporaryDirectory() + "weir-mischief-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        // The servers run as users of their own.
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder)
        try Self.source.write(toFile: "\(folder)/mischief.c", atomically: true, encoding: .utf8)
        var complaints: [String] = []
        for compiler in ["clang", "cc", "gcc"] {
            let process = Process()
            let errors = Pipe()
            process.executableURL = URL(filePath: "/usr/bin/env")
            process.arguments = [
                compiler, "-shared", "-fPIC", "-O1", "-o", library, "\(folder)/mischief.c", "-ldl",
            ]
            process.standardError = errors
            try process.run()
            let complaint = String(
                decoding: try errors.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
            process.waitUntilExit()
            if process.terminationStatus == 0 { return }
            complaints.append("\(compiler): \(complaint)")
        }
        throw TestFailure("no C compiler makes the library: \(complaints.joined(separator: "\n"))")
    }

    /// What a process needs in its environment to live so many seconds ahead of the time, or behind it.
    func clock(shiftedBy seconds: Int) -> [String: String] {
        ["LD_PRELOAD": library, "WEIR_TEST_CLOCK_SHIFT": "\(seconds)"]
    }

    /// What a process needs in its environment for each fsync to take half a second longer while ``slowDown()`` holds.
    var slowDisk: [String: String] { ["LD_PRELOAD": library, "WEIR_TEST_SLOW_DISK": flag] }

    /// From here on the disk is slow.
    func slowDown() throws { try Data().write(to: URL(filePath: flag)) }

    /// From here on it is as fast as it is.
    func speedUp() { try? FileManager.default.removeItem(atPath: flag) }

    func remove() { try? FileManager.default.removeItem(atPath: folder) }

    private var library: String { "\(folder)/mischief.so" }
    private var flag: String { "\(folder)/slow" }

    private static let source = #"""
        #define _GNU_SOURCE
        #include <stdlib.h>
        #include <sys/syscall.h>
        #include <sys/time.h>
        #include <time.h>
        #include <unistd.h>

        static long shift(void) {
            const char *text = getenv("WEIR_TEST_CLOCK_SHIFT");
            return text ? atol(text) : 0;
        }

        int clock_gettime(clockid_t clock, struct timespec *now) {
            long status = syscall(SYS_clock_gettime, clock, now);
            if (status == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) now->tv_sec += shift();
            return status;
        }

        int gettimeofday(struct timeval *restrict now, void *restrict zone) {
            (void)zone;
            struct timespec precise;
            int status = clock_gettime(CLOCK_REALTIME, &precise);
            now->tv_sec = precise.tv_sec;
            now->tv_usec = precise.tv_nsec / 1000;
            return status;
        }

        time_t time(time_t *now) {
            struct timespec precise;
            clock_gettime(CLOCK_REALTIME, &precise);
            if (now) *now = precise.tv_sec;
            return precise.tv_sec;
        }

        static void dawdle(void) {
            const char *flag = getenv("WEIR_TEST_SLOW_DISK");
            if (flag && access(flag, F_OK) == 0) usleep(500000);
        }

        int fsync(int file) {
            dawdle();
            return syscall(SYS_fsync, file);
        }

        int fdatasync(int file) {
            dawdle();
            return syscall(SYS_fdatasync, file);
        }
        """#
}
