using System.Globalization;

namespace Fleet.Tests.Support;

/// <summary>The clock of processes, which can be set while they run. Only what they take for the time of day moves: what waits goes on by
/// the monotonic clock, as on a machine whose clock somebody sets.</summary>
internal sealed class FakeClock : IDisposable
{
    private const string Library = "libfaketimeMT.so.1";

    private readonly TempFolder _folder = new();

    /// <summary>Skips the test where there is no libfaketime.</summary>
    /// <param name="offset">How far it is ahead of the machine's.</param>
    public FakeClock(TimeSpan offset = default)
    {
        Assert.SkipWhen(Missing is not null, Missing ?? "");
        Set(offset);
    }

    /// <summary>Why there is none; null when there is one.</summary>
    public static string? Missing { get; } = Find() is null ? "libfaketime is not installed (Debian: apt-get install libfaketime)." : null;

    private string Offset => Path.Combine(_folder.Path, "offset");

    /// <summary>Sets the clock.</summary>
    /// <param name="offset">How far ahead of the machine's.</param>
    public void Set(TimeSpan offset)
    {
        // At once: a process that read half of it would be somewhere else in time.
        var next = Offset + ".next";
        File.WriteAllText(next, offset.TotalSeconds.ToString("+0;-0", CultureInfo.InvariantCulture));
        File.Move(next, Offset, overwrite: true);
    }

    /// <summary>The settings of a process, with what makes it go by this clock.</summary>
    public Dictionary<string, string> On(IReadOnlyDictionary<string, string> settings) => new(settings)
    {
        ["LD_PRELOAD"] = Find()!,
        ["FAKETIME_TIMESTAMP_FILE"] = Offset,
        ["FAKETIME_NO_CACHE"] = "1",
        ["FAKETIME_DONT_FAKE_MONOTONIC"] = "1",
    };

    public void Dispose() => _folder.Dispose();

    private static string? Find() => !Directory.Exists("/usr/lib")
        ? null
        : Directory.GetDirectories(
            "/usr/lib", "*-linux-*").Select(folder => Path.Combine(folder, "faketime", Library)).FirstOrDefault(File.Exists);
}
