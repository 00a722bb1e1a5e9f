using System.Text.RegularExpressions;
using Fleet.Tests.House;

namespace Fleet.Tests.Deploy;

/// <summary>The Dockerfile fits the checkout. It is not built here: that needs a Docker engine.</summary>
public sealed partial class DockerfileTests
{
    public static TheoryData<string> Targets => ["fleet", "scheduler", "worker"];

    [Fact]
    public void Copies_FromTheCheckout_ExistAndAreNotIgnored()
    {
        var ignored = File.ReadAllLines(Path.Combine(Repository.Root, ".dockerignore"));
        var copies = Dockerfile.Read().SelectMany(stage => stage.Copies).Distinct(StringComparer.Ordinal).ToList();

        Assert.NotEmpty(copies);
        Assert.Equal("*", ignored.First(line => line[0] != '#'));
        foreach (var copy in copies)
        {
            Assert.True(Path.Exists(Path.Combine(Repository.Root, copy)), $"{copy} is copied and does not exist.");
            Assert.True(
                ignored.Any(line => line == $"!{copy}" || (line[0] == '!' && copy.StartsWith($"{line[1..]}/", StringComparison.Ordinal))),
                $"{copy} is copied, and .dockerignore keeps it away.");
        }
    }

    [Fact]
    public void Projects_ThatThePublishedReference_AreCopied()
    {
        var copied = Dockerfile.Read().Single(stage => stage.Name == "build").Copies.ToList();
        var projects = Project.ReadAll("src").Concat(Project.ReadAll("samples"))
            .ToDictionary(project => project.Folder, StringComparer.Ordinal);
        var needed = new HashSet<string>(StringComparer.Ordinal);
        var next = new Queue<string>(Published().Select(path => Path.GetDirectoryName(path)!));

        Assert.Equal(3, next.Count);
        while (next.TryDequeue(out var folder))
        {
            if (!needed.Add(folder))
                continue;
            Assert.True(projects.ContainsKey(folder), $"{folder} has no project.");
            Assert.True(
                copied.Any(c => folder == c || folder.StartsWith(c + "/", StringComparison.Ordinal)),
                $"{folder} is referenced and not copied.");
            foreach (var reference in projects[folder].References)
                next.Enqueue(reference);
        }

        Assert.Contains("src/Core", needed);
    }

    [Theory]
    [MemberData(nameof(Targets))]
    public void Target_Image_RunsItsProgramWithoutRoot(string target)
    {
        var line = Dockerfile.Line(target).ToList();
        var user = line.Select(stage => stage.Last("USER")).FirstOrDefault(u => u is not null);
        var project = Path.GetFileNameWithoutExtension(
            Published()
            .Single(path => Build()
                .Contains($"{path} --no-restore --use-current-runtime --output /out/{target} ", StringComparison.Ordinal)));
        var assembly = project == "Cli" ? "fleet" : $"Fleet.{project}";

        // The user of .NET's images; its number, so that Kubernetes can tell that it is not root.
        Assert.Equal("$APP_UID", user);
        Assert.Contains("chiseled", line[^1].From, StringComparison.Ordinal);
        Assert.Equal($"--from=build /out/{target}/ ./", line[0].Last("COPY"));
        Assert.Equal($"""["dotnet", "{assembly}.dll"]""", line[0].Last("ENTRYPOINT"));
    }

    private static string Build() => Dockerfile.Read().Single(stage => stage.Name == "build").Last("RUN")!;

    private static List<string> Published() => [.. Publish().Matches(Build()).Select(match => match.Groups["path"].Value)];

    [GeneratedRegex(@"dotnet publish (?<path>\S+)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Publish();
}
