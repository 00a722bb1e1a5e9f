namespace Fleet.Tests.House;

/// <summary>The checkout that these tests judge.</summary>
internal static class Repository
{
    private static readonly string[] Generated = ["bin", "obj", "node_modules", "artifacts", "TestResults"];

    /// <summary>The directory that holds <c>Fleet.sln</c>.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>A file of the house tests, next to their source.</summary>
    public static string HouseFile(string name) => Path.Combine(Root, "tests", "Fleet.Tests", "House", name);

    /// <summary>All files under a directory that end so, without what builds and tools make.</summary>
    public static IEnumerable<string> Files(string directory, string extension)
    {
        foreach (var file in Directory.EnumerateFiles(directory, "*" + extension))
            yield return file;
        foreach (var child in Directory.EnumerateDirectories(directory))
        {
            var name = Path.GetFileName(child);
            if (name.StartsWith('.') || Generated.Contains(name, StringComparer.Ordinal))
                continue;
            foreach (var file in Files(child, extension))
                yield return file;
        }
    }

    private static string FindRoot()
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            if (File.Exists(Path.Combine(directory.FullName, "Fleet.sln")))
                return directory.FullName;
        }

        throw new InvalidOperationException($"No Fleet.sln above {AppContext.BaseDirectory}.");
    }
}
