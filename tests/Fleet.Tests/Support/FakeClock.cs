using System.Diagnostics;
using System.IO.MemoryMappedFiles;

namespace Fleet.Tests.Support;

/// <summary>The clock of processes, which can be set while they run. Only what they take for the time of day moves: what waits goes on by
/// the monotonic clock, as on a machine whose clock somebody sets.</summary>
/// <remarks>By FakeClock.c, which is compiled here. Debian's libfaketime 0.9.10 lets waits of other threads fail now and then (EAGAIN of
/// <c>pthread_cond_timedwait</c>), upon which .NET's sockets time out or stand still.</remarks>
internal sealed class FakeClock : IDisposable
{
    private static readonly Lazy<string?> Compiled = new(Compile);

    private readonly TempFolder _folder = new();
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _offset;

    /// <summary>Skips the test where there is no compiler.</summary>
    /// <param name="offset">How far it is ahead of the machine's.</param>
    public FakeClock(TimeSpan offset = default)
    {
        Assert.SkipWhen(Missing is not null, Missing ?? "");
        _file = MemoryMappedFile.CreateFromFile(OffsetFile, FileMode.Create, null, sizeof(long));
        _offset = _file.CreateViewAccessor();
        Set(offset);
    }

    /// <summary>Why there is none; null when there is one.</summary>
    public static string? Missing =>
        Compiled.Value is null ? "There is no C compiler for Linux (Debian: apt-get install gcc libc6-dev)." : null;

    private string OffsetFile => Path.Combine(_folder.Path, "offset");

    /// <summary>Sets the clock, at once for all of its processes.</summary>
    /// <param name="offset">How far ahead of the machine's.</param>
    public void Set(TimeSpan offset) => _offset.Write(0, (long)offset.TotalNanoseconds);

    /// <summary>The settings of a process, with what makes it go by this clock.</summary>
    public Dictionary<string, string> On(IReadOnlyDictionary<string, string> settings) => new(settings)
    {
        ["LD_PRELOAD"] = Compiled.Value!,
        ["FLEET_TEST_CLOCK"] = OffsetFile,
    };

    public void Dispose()
    {
        _offset.Dispose();
        _file.Dispose();
        _folder.Dispose();
    }

    /// <returns>The library; null when there is no compiler.</returns>
    private static string? Compile()
    {
        if (!OperatingSystem.IsLinux() || !File.Exists("/usr/bin/cc") || !File.Exists("/usr/include/stdlib.h"))
            return null;
        var library = Path.Combine(AppContext.BaseDirectory, "FakeClock.so");
        var source = Path.Combine(AppContext.BaseDirectory, "Support", "FakeClock.c");
        // Next to its place and then there at once: another run of the tests may have it loaded.
        var made = $"{library}.{Environment.ProcessId}";
        using var cc = Process.Start("/usr/bin/cc", ["-shared", "-fPIC", "-O2", "-Wall", "-Wextra", "-Werror", "-o", made, source]);
        cc.WaitForExit();
        Assert.True(cc.ExitCode == 0, $"cc ended with {cc.ExitCode} for {source}.");
        File.Move(made, library, overwrite: true);
        return library;
    }
}
