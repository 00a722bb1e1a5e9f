using System.Text.RegularExpressions;
using Fleet.Core.Text;

namespace Fleet.Tests.Storage;

public sealed class StoredTextTests
{
    /// <summary>Escaped, because half of a surrogate pair does not survive as an attribute's argument.</summary>
    [Theory]
    [InlineData("plain", 10, "plain")]
    [InlineData("plain", 3, "pla")]
    [InlineData(@"a\u0000b", 10, @"a\uFFFDb")]
    [InlineData(@"a\uD83D\uDE00b", 10, @"a\uD83D\uDE00b")]
    [InlineData(@"a\uD83D\uDE00b", 2, @"a\uFFFD")]
    [InlineData(@"\uDE00", 10, @"\uFFFD")]
    [InlineData(@"\uD83Db", 10, @"\uFFFDb")]
    public void Cut_Text_IsWhatEveryDatabaseStores(string text, int length, string expected) =>
        Assert.Equal(Regex.Unescape(expected), StoredText.Cut(Regex.Unescape(text), length));
}
