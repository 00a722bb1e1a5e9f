using System.Diagnostics;

namespace Fleet.Tests.House;

/// <summary>No line of C# is longer than 140 columns. Generated migrations are left out.</summary>
public sealed class LineLengthTests
{
    private const int MaxColumns = 140;

    /// <summary>Folders and files that are not checked yet: their long lines are broken when the code in them is next rewritten.
    /// Remove an entry once it is clean; never add one.</summary>
    private static readonly string[] NotYetChecked =
    [
        "src/Core/Storage/",
        "src/Storage.Postgres/",
        "src/Storage.SqlServer/",
        "src/Storage.Sqlite/",
        "src/Engine/Execution/",
        "src/Engine/Workers/",
    ];

    [Fact]
    public void TrackedSources_EveryLine_FitsIntoTheColumns()
    {
        var sources = TrackedSources();

        Assert.Contains("src/Core/Storage/GroupCommit.cs", sources);
        var tooLong = sources.Where(IsChecked).SelectMany(LongLines).ToList();
        Assert.True(tooLong.Count == 0, $"Lines over {MaxColumns} columns:\n{string.Join('\n', tooLong)}");
    }

    [Fact]
    public void NotYetChecked_EachEntry_NamesTrackedSources()
    {
        var sources = TrackedSources();

        Assert.DoesNotContain(NotYetChecked, entry => !sources.Any(s => s.StartsWith(entry, StringComparison.Ordinal)));
    }

    private static bool IsChecked(string path) => !path.Contains("/Migrations/", StringComparison.Ordinal)
        && !NotYetChecked.Any(entry => path.StartsWith(entry, StringComparison.Ordinal));

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
