using System.Text.RegularExpressions;

namespace Fleet.Tests.House;

/// <summary>The folders of Core depend on each other in one direction. The graph is built from the sources: from their usings, from names
/// such as <c>Core.Storage.Rows.Run</c>, and from types of the namespaces around them, which need no using.</summary>
public sealed partial class CoreFoldersTests
{
    private const string Root = "Fleet.Core";

    /// <summary>Files that belong to the public namespace, so that callers need no using.</summary>
    private static readonly string[] InThePublicNamespace = ["Setup/FleetBuilder.cs", "Setup/FleetStartException.cs"];

    [Fact]
    public void Folders_OfCore_HaveNoCircles()
    {
        var sources = ReadCore();

        Assert.Contains(sources, s => s.Namespace == "Fleet.Core.Schedules.Triggers");
        AssertNoCircle(Circle(References(sources, folder => folder)));
        AssertNoCircle(Circle(References(sources, RoomOf)));
    }

    [Fact]
    public void Namespace_OfEachFile_IsItsPath()
    {
        var wrongs = (from source in ReadCore()
                      where source.Namespace != source.Folder && !InThePublicNamespace.Contains(source.File, StringComparer.Ordinal)
                      select $"src/Core/{source.File} is in the namespace {source.Namespace}; by its path it is {source.Folder}.").ToList();
        Assert.True(wrongs.Count == 0, string.Join('\n', wrongs));
    }

    [Fact]
    public void Root_OfCore_OnlyRegistersTheServices() =>
        Assert.Equal(["CoreServices.cs"], Files().Where(f => !f.Contains('/', StringComparison.Ordinal)));

    [Theory]
    [InlineData("using Fleet.Core.B;", "")]
    [InlineData("using static Fleet.Core.B.InB;", "")]
    [InlineData("using Alias = Fleet.Core.B.InB;", "")]
    [InlineData("using Alias = System.Collections.Generic.List<Fleet.Core.B.InB>;", "")]
    [InlineData("", "Fleet.Core.B.InB? f;")]
    [InlineData("", "global::Fleet.Core.B.InB? f;")]
    [InlineData("", "Core.B.InB? f;")]
    [InlineData("", "B.InB? f;")]
    [InlineData("", "/// <see cref=\"B.InB\"/>")]
    [InlineData("", "string f = $\"{B.InB.Count}\";")]
    public void Circle_OfTwoFolders_IsFoundAndNamed(string usings, string member)
    {
        var circle = CircleOf(
            ("A/InA.cs", $"{usings}\nnamespace Fleet.Core.A;\npublic sealed class InA\n{{\n    {member}\n}}\n"),
            ("B/InB.cs", "using Fleet.Core.A;\nnamespace Fleet.Core.B;\npublic sealed class InB : InA;\n"));

        Assert.Equal("Fleet.Core.A (InA.cs) → Fleet.Core.B (InB.cs) → Fleet.Core.A", circle);
    }

    [Theory]
    [InlineData("")]
    [InlineData("// Fleet.Core.B is above.")]
    [InlineData("const string F = \"Fleet.Core.B.InB\";")]
    [InlineData("int B => Other.B.InB;")]
    public void Circle_NamesThatAreNoReferences_AreNone(string member) => Assert.Null(CircleOf(
        ("A/InA.cs", $"namespace Fleet.Core.A;\npublic sealed class InA\n{{\n    {member}\n}}\n"),
        ("B/InB.cs", "using Fleet.Core.A;\nnamespace Fleet.Core.B;\npublic sealed class InB : InA;\n")));

    [Fact]
    public void Circle_OfThreeFolders_IsFoundAndNamed() => Assert.Equal(
        "Fleet.Core.A (InA.cs) → Fleet.Core.B (InB.cs) → Fleet.Core.C (InC.cs) → Fleet.Core.A",
        CircleOf(
            ("A/InA.cs", "using Fleet.Core.B;\nnamespace Fleet.Core.A;\npublic class InA : InB;\n"),
            ("B/InB.cs", "using Fleet.Core.C;\nnamespace Fleet.Core.B;\npublic class InB : InC;\n"),
            ("C/InC.cs", "using Fleet.Core.A;\nnamespace Fleet.Core.C;\npublic class InC { InA? f; }\n")));

    [Fact]
    public void Circle_OfAFolderAndTheOneAroundIt_NeedsNoUsing() => Assert.Equal(
        "Fleet.Core.A (InA.cs) → Fleet.Core.A.Inner (InInner.cs) → Fleet.Core.A",
        CircleOf(
            ("A/InA.cs", "using Fleet.Core.A.Inner;\nnamespace Fleet.Core.A;\npublic class InA { InInner? f; }\n"),
            ("A/Inner/InInner.cs", "namespace Fleet.Core.A.Inner;\npublic class InInner { InA? f; }\n")));

    [Fact]
    public void Circle_OfRooms_IsFoundThroughTheirSubfolders() => Assert.Equal(
        "Fleet.Core.A (InInner.cs) → Fleet.Core.B (InB.cs) → Fleet.Core.A",
        CircleOf(
            ("A/Inner/InInner.cs", "using Fleet.Core.B;\nnamespace Fleet.Core.A.Inner;\npublic class InInner : InB;\n"),
            ("A/Other/InOther.cs", "namespace Fleet.Core.A.Other;\npublic class InOther;\n"),
            ("B/InB.cs", "using Fleet.Core.A.Other;\nnamespace Fleet.Core.B;\npublic class InB : InOther;\n")));

    private static void AssertNoCircle(string? circle) => Assert.True(circle is null, $"The folders of Core form a circle: {circle}");

    private static string? CircleOf(params (string File, string Text)[] files)
    {
        var sources = files.Select(f => Source.Parse(f.File, f.Text)).ToList();
        return Circle(References(sources, folder => folder)) ?? Circle(References(sources, RoomOf));
    }

    private static List<Source> ReadCore() => [.. Files().Select(file => Source.Parse(file, Read(file)))];

    private static IEnumerable<string> Files()
    {
        var core = Path.Combine(Repository.Root, "src", "Core");
        return Repository.Files(core, ".cs").Select(f => Path.GetRelativePath(core, f).Replace('\\', '/'));
    }

    private static string Read(string file) => File.ReadAllText(Path.Combine(Repository.Root, "src", "Core", file));

    /// <summary>The folder directly under Core.</summary>
    private static string RoomOf(string folder) => string.Join('.', folder.Split('.').Take(3));

    /// <summary>Which folder references which, and one file that does.</summary>
    private static SortedDictionary<string, SortedDictionary<string, string>> References(List<Source> sources, Func<string, string> group)
    {
        var folders = sources.SelectMany(s => s.Types.Select(type => (s.Folder, Type: type)))
            .ToLookup(t => t.Folder, t => t.Type, StringComparer.Ordinal);
        var graph = new SortedDictionary<string, SortedDictionary<string, string>>(StringComparer.Ordinal);
        foreach (var source in sources)
        {
            foreach (var target in source.Targets(folders).Select(group).Where(t => t != group(source.Folder)))
            {
                if (!graph.TryGetValue(group(source.Folder), out var targets))
                    graph.Add(group(source.Folder), targets = new(StringComparer.Ordinal));
                targets.TryAdd(target, Path.GetFileName(source.File));
            }
        }

        return graph;
    }

    /// <summary>A circle, as <c>A (file that references B) → B (file that references A) → A</c>; null when there is none.</summary>
    private static string? Circle(SortedDictionary<string, SortedDictionary<string, string>> graph)
    {
        var done = new HashSet<string>(StringComparer.Ordinal);
        var way = new List<string>();
        return graph.Keys.Select(Visit).FirstOrDefault(circle => circle is not null);

        string? Visit(string folder)
        {
            var begin = way.IndexOf(folder);
            if (begin >= 0)
                return Describe([.. way[begin..], folder]);
            if (!done.Add(folder) || !graph.TryGetValue(folder, out var targets))
                return null;
            way.Add(folder);
            var circle = targets.Keys.Select(Visit).FirstOrDefault(c => c is not null);
            way.RemoveAt(way.Count - 1);
            return circle;
        }

        string Describe(List<string> circle) => string.Join(
            " → ", circle.Select((folder, i) => i + 1 < circle.Count ? $"{folder} ({graph[folder][circle[i + 1]]})" : folder));
    }

    /// <summary>One source file, and the names in it.</summary>
    private sealed partial record Source(
        string File, string Folder, string Namespace, IReadOnlyList<string> Types, IReadOnlyList<string> Names)
    {
        public static Source Parse(string file, string text)
        {
            var code = DocComments().Replace(text, doc => string.Join(' ', Crefs().Matches(doc.Value).Select(m => m.Groups["name"].Value)));
            code = LineComments().Replace(code, "");
            code = Strings().Replace(code, literal => literal.Value.StartsWith('$') ? Holes(literal.Value) : "\"\"");
            var folder = string.Join('.', new[] { Root }.Concat(file.Split('/').SkipLast(1)));
            return new Source(
                file, folder, NamespaceLine().Match(code).Groups["name"].Value,
                [.. TypeLines().Matches(code).Select(m => m.Groups["name"].Value)],
                [.. DottedNames().Matches(NamespaceLine().Replace(code, "")).Select(m => m.Value).Distinct(StringComparer.Ordinal)]);
        }

        /// <summary>The folders that the file references.</summary>
        /// <param name="folders">All folders, each with the types in it.</param>
        public IEnumerable<string> Targets(ILookup<string, string> folders)
        {
            var around = Around(Folder).ToList();
            foreach (var name in Names)
            {
                // A name is looked up in each namespace around the file, the innermost first, and from the top.
                var found = folders.Contains(name)
                    ? name
                    : around.Append(null).Select(prefix => FolderOf(prefix is null ? name : $"{prefix}.{name}", folders))
                        .FirstOrDefault(folder => folder is not null);
                if (found is not null)
                    yield return found;
                // A type of a namespace around the file needs no using.
                foreach (var folder in around.Where(f => f != Folder && folders[f].Contains(name.Split('.')[0], StringComparer.Ordinal)))
                    yield return folder;
            }
        }

        /// <summary>The folder of the type that a full name means, or of a member of that type. Null for a property that is only called
        /// like a folder.</summary>
        private static string? FolderOf(string name, ILookup<string, string> folders) =>
            Around(name).Skip(1).FirstOrDefault(
                folder => folders[folder].Contains(name[(folder.Length + 1)..].Split('.')[0], StringComparer.Ordinal));

        /// <summary>A dotted name and those around it, the innermost first.</summary>
        private static IEnumerable<string> Around(string name)
        {
            for (var end = name.Length; end > 0; end = name.LastIndexOf('.', end - 1))
                yield return name[..end];
        }

        /// <summary>The code between the braces of an interpolated string.</summary>
        private static string Holes(string literal) => string.Join(' ', HoleParts().Matches(literal).Select(m => m.Groups["code"].Value));

        [GeneratedRegex(@"^\s*///.*$", RegexOptions.Multiline, matchTimeoutMilliseconds: 1000)]
        private static partial Regex DocComments();

        [GeneratedRegex("cref=\"([A-Z]:)?(?<name>[^\"]*)\"", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
        private static partial Regex Crefs();

        [GeneratedRegex(@"(?<=^|[\s;{}(),])//.*$", RegexOptions.Multiline, matchTimeoutMilliseconds: 1000)]
        private static partial Regex LineComments();

        [GeneratedRegex(
            """
            \$*"{3}.*?"{3}|(\$@|@\$|@)"([^"]|"")*"|\$?"(\\.|[^"\\\n])*"|'(\\.[^']*|[^'\\])'
            """,
            RegexOptions.Singleline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
        private static partial Regex Strings();

        [GeneratedRegex(@"\{(?<code>[^{}]*)\}", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
        private static partial Regex HoleParts();

        [GeneratedRegex(
            @"^namespace (?<name>[\w.]+);", RegexOptions.Multiline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
        private static partial Regex NamespaceLine();

        [GeneratedRegex(
            @"^((public|internal|file|sealed|abstract|static|readonly|ref|partial) )*"
                + @"((class|record struct|record|struct|interface|enum) (?<name>\w+)|delegate [^(\n]*?(?<name>\w+)(<[^>(]*>)?\()",
            RegexOptions.Multiline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
        private static partial Regex TypeLines();

        [GeneratedRegex(@"(?<![\w.])[A-Z]\w*(\.[A-Z]\w*)*", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
        private static partial Regex DottedNames();
    }
}
