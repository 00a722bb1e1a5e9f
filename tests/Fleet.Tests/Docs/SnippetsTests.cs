using System.Text.RegularExpressions;
using Fleet.Tests.House;

namespace Fleet.Tests.Docs;

/// <summary>Code in the documentation is code that compiles.</summary>
public sealed partial class SnippetsTests
{
    [Theory]
    [InlineData("README.md", 2)]
    [InlineData("docs/client.md", 2)]
    [InlineData("docs/embedding.md", 4)]
    [InlineData("docs/settings.md", 1)]
    public void CodeOfAPage_IsInACompiledFile(string page, int count)
    {
        var compiled = string.Concat(Directory.GetFiles(Path.Combine(Repository.Root, "tests", "Fleet.Tests", "Docs"), "*Snippets.cs")
            .Select(File.ReadAllText).Select(Lines));
        var snippets = Code().Matches(File.ReadAllText(Path.Combine(Repository.Root, page)))
            .Select(match => Lines(match.Groups["code"].Value)).ToList();

        Assert.Equal(count, snippets.Count);
        Assert.All(snippets, snippet => Assert.Contains(snippet, compiled, StringComparison.Ordinal));
    }

    /// <summary>Without indentation and empty lines.</summary>
    private static string Lines(string text) =>
        string.Join('\n', text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries));

    [GeneratedRegex("^```csharp\n(?<code>.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Code();
}
