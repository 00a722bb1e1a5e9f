using Fleet.Core.Storage;

namespace Fleet.Tests.Storage;

public sealed class StoredTextTests
{
    [Theory]
    [InlineData("plain", 10, "plain")]
    [InlineData("plain", 3, "pla")]
    [InlineData("a\0b", 10, "a\uFFFDb")]
    [InlineData("a\uD83D\uDE00b", 10, "a\uD83D\uDE00b")]
    [InlineData("a\uD83D\uDE00b", 2, "a\uFFFD")]
    [InlineData("\uDE00", 10, "\uFFFD")]
    [InlineData("\uD83D", 10, "\uFFFD")]
    public void Cut_Text_IsWhatEveryDatabaseStores(string text, int length, string expected) => Assert.Equal(expected, StoredText.Cut(text, length));
}
