using System.Diagnostics;

namespace Fleet.Tests.House;

/// <summary>No line of C# is longer than 140 columns. Generated migrations are left out.</summary>
public sealed class LineLengthTests
{
    private const int MaxColumns = 140;

    [Fact]
    public void TrackedSources_EveryLine_FitsIntoTheColumns()
    {
        var sources = TrackedSources();

        Assert.Contains("src/Core/Storage/GroupCommit.cs", sources);
        var tooLong = sources.Where(IsChecked).SelectMany(LongLines).ToList();
        Assert.True(tooLong.Count == 0, $"Lines over {MaxColumns} columns:\n{string.Join('\n', tooLong)}");
    }

    private static bool IsChecked(string path) => !path.Contains("/Migrations/", StringComparison.Ordinal);

    private static IEnumerable<string> LongLines(string path) => File.ReadLines(Path.Combine(Repository.Root, path))
        .Select((line, index) => (line.Length, Number: index + 1))
        .Where(line => line.Length > MaxColumns)
        .Select(line => $"{path}:{line.Number}: {line.Length} columns");

    private static List<string> TrackedSources()
    {
        var start = new ProcessStartInfo("git", ["ls-files", "-z", "--", "*.cs"])
        {
            WorkingDirectory = Repository.Root,
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        using var git = Process.Start(start)!;
        var names = git.StandardOutput.ReadToEnd();
        git.WaitForExit();
        Assert.Equal(0, git.ExitCode);
        // A tracked file that was deleted and not committed yet is still listed.
        return [.. names.Split('\0', StringSplitOptions.RemoveEmptyEntries).Where(n => File.Exists(Path.Combine(Repository.Root, n)))];
    }
}
