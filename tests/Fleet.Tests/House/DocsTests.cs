using System.Text.RegularExpressions;

namespace Fleet.Tests.House;

/// <summary>A link in the documentation leads somewhere.</summary>
public sealed partial class DocsTests
{
    [Fact]
    public void Markdown_RelativeLinks_ResolveToFiles()
    {
        var documents = Repository.Files(Repository.Root, ".md").ToList();
        var broken = documents.SelectMany(BrokenLinks).ToList();

        Assert.NotEmpty(documents);
        Assert.True(broken.Count == 0, "Broken links:\n" + string.Join('\n', broken));
    }

    /// <summary>What newcomers looked for and did not find.</summary>
    [Theory]
    [InlineData("docs/cli.md", "FLEET_SERVER")]
    [InlineData("docs/jobs.md", "context.Log")]
    [InlineData("docs/settings.md", "Fleet:Api:Urls")]
    [InlineData("docs/embedding.md", "upgrading.md")]
    [InlineData("docs/upgrading.md", "fleet db migrate")]
    public void Page_HasTheWord(string page, string word) =>
        Assert.Contains(word, File.ReadAllText(Path.Combine(Repository.Root, page)), StringComparison.Ordinal);

    [Theory]
    [InlineData("see [it](./gone.md)", "./gone.md")]
    [InlineData("![picture](pictures/a.png \"title\")", "pictures/a.png")]
    [InlineData("[id]: ../gone.md", "../gone.md")]
    [InlineData("[part](<a b.md#part>)", "a b.md")]
    public void LinksIn_RelativeLink_IsFound(string markdown, string expected) => Assert.Equal([expected], LinksIn(markdown));

    [Theory]
    [InlineData("[web](https://example.com/a.md)")]
    [InlineData("[here](#part)")]
    [InlineData("[mail](mailto:someone@example.com)")]
    [InlineData("```csharp\nvar x = handlers[name](gone.md);\n```")]
    [InlineData("`[not](a-link.md)`")]
    public void LinksIn_AnythingElse_IsLeftAlone(string markdown) => Assert.Empty(LinksIn(markdown));

    private static IEnumerable<string> BrokenLinks(string document)
    {
        var directory = Path.GetDirectoryName(document)!;
        return LinksIn(File.ReadAllText(document))
            .Where(link => !Exists(Path.Combine(directory, Uri.UnescapeDataString(link))))
            .Select(link => $"{Path.GetRelativePath(Repository.Root, document)}: {link}");
    }

    private static bool Exists(string path) => File.Exists(path) || Directory.Exists(path);

    /// <summary>The relative targets of a document's links, without their fragments.</summary>
    private static IEnumerable<string> LinksIn(string markdown)
    {
        var prose = Code().Replace(markdown, "");
        return Link().Matches(prose)
            .Select(match => match.Groups["target"].Value)
            .Where(target => !target.StartsWith('#') && !Scheme().IsMatch(target))
            .Select(target => target.Split('#')[0]);
    }

    [GeneratedRegex(
        @"\]\(\s*(?:<(?<target>[^>]+)>|(?<target>[^)\s]+))|^\[[^\]]+\]:\s*(?<target>\S+)",
        RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Link();

    [GeneratedRegex(@"^\s*```.*?^\s*```|`[^`\n]*`", RegexOptions.Multiline | RegexOptions.Singleline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Code();

    [GeneratedRegex("^[a-zA-Z][a-zA-Z0-9+.-]*:", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Scheme();
}
