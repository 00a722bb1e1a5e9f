using Fleet.Storage.SqlServer;
using Microsoft.Data.SqlClient;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Tests.Storage;

/// <summary>What Fleet takes an error of SQL Server for.</summary>
public sealed class SqlServerErrorsTests
{
    private readonly SqlServerStorage _storage = new("Server=127.0.0.1,1;User Id=fleet;Password=x;Connect Timeout=1");

    [Theory]
    [InlineData(-2, 11)]
    [InlineData(4060, 11)]
    [InlineData(18456, 14)]
    [InlineData(40613, 17)]
    [InlineData(9002, 17)]
    [InlineData(53, 20)]
    [InlineData(1222, 16)]
    [InlineData(3906, 16)]
    [InlineData(10928, 16)]
    [InlineData(229, 14)]
    [InlineData(208, 16)]
    [InlineData(3930, 16)]
    [InlineData(12345, 16)]
    public void IsOutage_DatabaseDoesNotAnswer_IsTrue(int number, byte severity) => Assert.True(SqlServerErrors.IsOutage(number, severity));

    [Theory]
    [InlineData(1205, 13)]
    [InlineData(2627, 14)]
    [InlineData(515, 16)]
    [InlineData(8152, 16)]
    [InlineData(2628, 16)]
    [InlineData(8115, 16)]
    [InlineData(547, 16)]
    [InlineData(50000, 16)]
    [InlineData(3960, 16)]
    public void IsOutage_DataAtFault_IsFalse(int number, byte severity) => Assert.False(SqlServerErrors.IsOutage(number, severity));

    /// <summary>Also in what a handler threw: its own slow statement and its own lock are not the database's.</summary>
    [Theory]
    [InlineData(18456, true)]
    [InlineData(4060, true)]
    [InlineData(229, true)]
    [InlineData(10061, false)]
    [InlineData(-2, false)]
    public void IsAccessRefused_ByNumber_WhenTheServerLetsNobodyIn(int number, bool expected) =>
        Assert.Equal(expected, SqlServerErrors.IsAccessRefused(number));

    [Theory]
    [InlineData(3906, 16, true)]
    [InlineData(40613, 17, true)]
    [InlineData(10054, 20, true)]
    [InlineData(701, 17, true)]
    [InlineData(-2, 11, false)]
    [InlineData(1222, 16, false)]
    [InlineData(547, 16, false)]
    [InlineData(208, 16, false)]
    public void IsUnavailable_ByNumber_WhenTheServerSaysSo(int number, byte severity, bool expected) =>
        Assert.Equal(expected, SqlServerErrors.IsUnavailable(number, severity));

    [Theory]
    [InlineData(1205, true)]
    [InlineData(2601, true)]
    [InlineData(2627, true)]
    [InlineData(3960, true)]
    [InlineData(2714, true)]
    [InlineData(1913, true)]
    [InlineData(515, false)]
    [InlineData(-2, false)]
    public void IsConflict_ByNumber_IsWhatAnotherTryMends(int number, bool expected) =>
        Assert.Equal(expected, SqlServerErrors.IsConflict(number));

    [Fact]
    public async Task IsOutage_NoServer_IsTrueAsItIsAndAsEFWrapsIt()
    {
        var e = await Record.ExceptionAsync(() => _storage.WriteAsync(_ => Task.FromResult(true), CancellationToken.None));

        Assert.True(_storage.IsOutage(e!), $"{e}");
        Assert.True(_storage.IsOutage(new DbUpdateException("Not saved.", e)));
        Assert.False(_storage.IsConflict(e!));
    }

    [Fact]
    public void IsOutage_BrokenConnection_IsTrue()
    {
        using var closed = new SqlConnection("Server=nowhere");

        var e = Assert.Throws<InvalidOperationException>(() => closed.BeginTransaction());

        Assert.True(_storage.IsOutage(e));
        Assert.False(_storage.IsOutage(new InvalidOperationException("A bug.")));
    }

    [Fact]
    public async Task Enlist_TransactionOfAnotherDatabase_IsRefusedByName()
    {
        await using var connection = new SqliteConnection("Data Source=:memory:");
        await connection.OpenAsync();
        await using var transaction = await connection.BeginTransactionAsync();

        var e = Assert.Throws<ArgumentException>(() => _storage.Enlist(transaction));

        Assert.Contains("SQL Server, whose transactions are of type SqlTransaction", e.Message, StringComparison.Ordinal);
    }
}
