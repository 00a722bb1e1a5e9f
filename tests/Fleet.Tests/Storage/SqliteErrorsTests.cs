using Fleet.Core.Storage;
using Fleet.Storage.Sqlite;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Tests.Storage;

/// <summary>What Fleet takes each result code of SQLite for.</summary>
public sealed class SqliteErrorsTests : IAsyncDisposable
{
    private readonly SqliteStorage _storage = new("Data Source=nowhere.db", TimeProvider.System);

    public ValueTask DisposeAsync() => _storage.DisposeAsync();

    [Fact]
    public void Codes_Primary_AreOutagesUnlessTheDataIsAtFault()
    {
        foreach (var code in Enumerable.Range(1, 26))
        {
            var isData = code is 18 or 19 or 20;
            Assert.Equal((!isData, isData), (_storage.IsOutage(Error(code)), _storage.IsRefused(Error(code))));
            Assert.Equal(
                code is 5 or 6 or 8 or 10 or 13 or 14, _storage.IsUnavailable(new InvalidOperationException("A handler's.", Error(code))));
        }
    }

    /// <summary>The second byte says more about the first.</summary>
    [Theory]
    [InlineData(1032, true)] // the file was moved
    [InlineData(1544, true)] // read-only: no directory
    [InlineData(517, true)] // busy: snapshot
    [InlineData(778, true)] // input or output: write
    [InlineData(2067, false)] // unique
    [InlineData(1299, false)] // not null
    public void Codes_Extended_CountAsTheirPrimary(int code, bool isOutage) =>
        Assert.Equal(isOutage, _storage.IsOutage(new SqliteException("It failed.", code, code)));

    [Fact]
    public void IsOutage_WrappedByEF_IsThatOfTheFile()
    {
        Assert.True(_storage.IsOutage(new DbUpdateException("Not saved.", Error(13))));
        Assert.True(_storage.IsRefused(new DbUpdateException("Not saved.", Error(19))));
        Assert.False(_storage.IsOutage(new InvalidOperationException("A bug.")));
    }

    private static SqliteException Error(int code) => new("It failed.", code);
}
