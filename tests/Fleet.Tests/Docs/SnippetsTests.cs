using System.Text.RegularExpressions;
using Fleet.Core.Jobs;
using Fleet.Tests.House;

namespace Fleet.Tests.Docs;

/// <summary>Code in the documentation is code that compiles.</summary>
public sealed partial class SnippetsTests
{
    public static TheoryData<string> Pages { get; } = new(
        Directory.GetFiles(Path.Combine(Repository.Root, "docs"), "*.md").Append(Path.Combine(Repository.Root, "README.md"))
            .Where(page => File.ReadAllText(page).Contains("```csharp", StringComparison.Ordinal))
            .Select(page => Path.GetRelativePath(Repository.Root, page).Replace('\\', '/')).Order(StringComparer.Ordinal));

    [Theory]
    [MemberData(nameof(Pages))]
    public void CodeOfAPage_IsInACompiledFile(string page)
    {
        var compiled = string.Concat(Directory.GetFiles(Path.Combine(Repository.Root, "tests", "Fleet.Tests", "Docs"), "*Snippets.cs")
            .Select(File.ReadAllText).Select(Lines));
        var text = File.ReadAllText(Path.Combine(Repository.Root, page));
        var snippets = Code().Matches(text).Select(match => Lines(match.Groups["code"].Value)).ToList();

        Assert.Equal(text.Split("```csharp").Length - 1, snippets.Count);
        Assert.All(snippets, snippet => Assert.Contains(snippet, compiled, StringComparison.Ordinal));
    }

    [Fact]
    public void Pages_AreThoseWithCode() => Assert.Superset(
        new HashSet<string>(["README.md", "docs/jobs.md", "docs/effects.md", "docs/schedules.md", "docs/testing.md"]),
        Pages.Select(row => row.Data).ToHashSet());

    /// <summary>A job that is pasted from a page is not refused.</summary>
    [Fact]
    public void JobsOfThePages_AreAllowed()
    {
        var handlers = typeof(SnippetsTests).Assembly.GetTypes().Where(
            type => type.Namespace?.StartsWith(typeof(SnippetsTests).Namespace!, StringComparison.Ordinal) is true
                && JobRegistration.IsHandler(type)).ToList();

        Assert.Contains(typeof(Jobs.DailyReportJob), handlers);
        Assert.All(handlers, handler => Assert.NotEmpty(JobSchemas.Describe(JobDefinition.For(handler)).Name));
    }

    /// <summary>Without indentation and empty lines.</summary>
    private static string Lines(string text) =>
        string.Join('\n', text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries));

    [GeneratedRegex("^```csharp\n(?<code>.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Code();
}
