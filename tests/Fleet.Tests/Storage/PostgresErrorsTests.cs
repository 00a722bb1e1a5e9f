using Fleet.Core.Storage;
using Fleet.Storage.Postgres;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Fleet.Tests.Storage;

/// <summary>What Fleet takes each error of PostgreSQL's appendix A for.</summary>
public sealed class PostgresErrorsTests : IAsyncDisposable
{
    private const string Outages = """
        02000 02001 03000 08000 08001 08003 08004 08006 08007 08P01 0A000 0B000 0F000 0F001 0L000 0LP01 0P000 0Z000 0Z002 20000
        24000 25000 25001 25002 25003 25004 25005 25006 25007 25008 25P01 25P02 25P03 26000 28000 28P01 2B000 2BP01 2D000 2F000
        2F002 2F003 2F004 2F005 34000 38000 38001 38002 38003 38004 39000 39001 39004 39P01 39P02 39P03 3B000 3B001 3D000 3F000
        40000 40003 42000 42501 42601 42602 42611 42622 42702 42703 42704 42712 42725 42803 42804 42809 42830 42846 42883 428C9
        42939 42P01 42P02 42P03 42P05 42P08 42P09 42P10 42P11 42P12 42P13 42P14 42P15 42P16 42P17 42P18 42P19 42P20 42P21 42P22
        53000 53100 53200 53300 53400 54001 54011 54023 55000 55006 55P02 55P03 55P04 57000 57014 57P01 57P02 57P03 57P04 57P05
        58000 58030 58P01 58P02 72000 F0000 F0001 HV000 HV001 HV002 HV004 HV005 HV006 HV007 HV008 HV009 HV00A HV00B HV00C HV00D
        HV00J HV00K HV00L HV00M HV00N HV00P HV00Q HV00R HV010 HV014 HV021 HV024 HV090 HV091 XX000 XX001 XX002
        """;

    private const string Data = """
        09000 21000 22000 22001 22002 22003 22004 22005 22007 22008 22009 2200B 2200C 2200D 2200F 2200G 2200H 2200L 2200M 2200N
        2200S 2200T 22010 22011 22012 22013 22014 22015 22016 22018 22019 2201B 2201E 2201F 2201G 2201W 2201X 22021 22022 22023
        22024 22025 22026 22027 2202E 2202G 2202H 22030 22031 22032 22033 22034 22035 22036 22037 22038 22039 2203A 2203B 2203C
        2203D 2203E 2203F 2203G 22P01 22P02 22P03 22P04 22P05 22P06 23000 23001 23502 23503 23514 23P01 27000 40002 44000 54000
        P0000 P0001 P0002 P0003 P0004
        """;

    private const string Conflicts = "23505 40001 40P01 42701 42710 42723 42P04 42P06 42P07";

    private const string Unavailable = """
        08000 08001 08003 08004 08006 08007 08P01 25006 53000 53100 53200 53300 53400 57P01 57P02 57P03 57P04 57P05 58000 58030
        58P01 58P02
        """;

    private readonly PostgresStorage _storage = new("Host=nowhere");

    public ValueTask DisposeAsync() => _storage.DisposeAsync();

    [Fact]
    public void Appendix_EachCode_IsListedOnce()
    {
        string[] all = [.. Split(Outages), .. Split(Data), .. Split(Conflicts)];

        Assert.Equal(all.Length, all.Distinct(StringComparer.Ordinal).Count());
        Assert.Equal(251, all.Length);
        // Those that were once taken for the data's fault, and cost runs.
        Assert.Empty(Split("25006 25P03 57014 55P03 0A000 28P01 28000 3D000 26000 42P05 42501 42P01 XX000 40003").Except(Split(Outages)));
    }

    [Fact]
    public void IsOutage_NotKnownToBeTheDatasFault_IsTrue()
    {
        Assert.All([.. Split(Outages), "ZZ999", ""], code => Assert.Equal((true, false, false), Judge(code)));
        Assert.All(Split(Conflicts), code => Assert.Equal((false, true, false), Judge(code)));
        Assert.All(Split(Data), code => Assert.Equal((false, false, true), Judge(code)));
    }

    [Fact]
    public void IsUnavailable_ServerSaysSoItself_WhereverItStands()
    {
        string[] all = [.. Split(Outages), .. Split(Data), .. Split(Conflicts)];

        Assert.Equal(
            Split(Unavailable),
            all.Where(code => _storage.IsUnavailable(new InvalidOperationException("A handler's.", new AggregateException(Error(code)))))
                .Order(StringComparer.Ordinal));
    }

    [Fact]
    public void IsUnavailable_OfTheDriver_OnlyWhenTheConnectionFailed()
    {
        Assert.True(_storage.IsUnavailable(new NpgsqlException("Failed to connect", new System.Net.Sockets.SocketException(111))));
        Assert.True(_storage.IsUnavailable(new NpgsqlException("Exception while reading from stream", new EndOfStreamException())));
        Assert.True(
            _storage.IsUnavailable(
                new NpgsqlException("The connection pool has been exhausted", new TimeoutException("The operation has timed out."))));
        // A handler's own statement that took too long, and a wrong use of the driver: they count as failures of the handler.
        Assert.False(
            _storage.IsUnavailable(
                new NpgsqlException("Exception while reading from stream", new TimeoutException("Timeout during reading attempt"))));
        Assert.False(_storage.IsUnavailable(new NpgsqlException("No password has been provided")));
        Assert.False(_storage.IsUnavailable(new TimeoutException()));
    }

    [Fact]
    public void IsOutage_WrappedByEF_IsThatOfTheServer()
    {
        Assert.True(_storage.IsOutage(new DbUpdateException("Not saved.", Error("25006"))));
        Assert.True(_storage.IsOutage(new InvalidOperationException("Transient.", Error("53300"))));
        Assert.True(_storage.IsRefused(new DbUpdateException("Not saved.", Error("22P05"))));
        Assert.True(_storage.IsConflict(new DbUpdateException("Not saved.", Error("23505"))));
        Assert.True(_storage.IsConflict(new DbUpdateConcurrencyException("Changed.")));
        Assert.False(_storage.IsOutage(new InvalidOperationException("A bug.")));
        Assert.False(_storage.IsRefused(new InvalidOperationException("A bug.")));
    }

    [Theory]
    [InlineData("57P01", BatchFault.Outage)]
    [InlineData("25006", BatchFault.Outage)]
    [InlineData("57014", BatchFault.Unknown)]
    [InlineData("42501", BatchFault.Unknown)]
    [InlineData("40P01", BatchFault.Unknown)]
    [InlineData("22021", BatchFault.Item)]
    public void JudgeBatch_ByCode_SaysWhomItConcerns(string code, BatchFault expected) =>
        Assert.Equal(expected, _storage.JudgeBatch(Error(code)));

    [Theory]
    [InlineData("Host=a,b;Target Session Attributes=standby")]
    [InlineData("Host=a;Target Session Attributes=read-only")]
    public void Open_ServersThatTakeNoWrites_IsRefusedByName(string connectionString)
    {
        var e = Assert.Throws<InvalidOperationException>(() => new PostgresStorage(connectionString));

        Assert.Contains("Fleet:Storage:ConnectionString: Target Session Attributes=", e.Message, StringComparison.Ordinal);
    }

    private (bool IsOutage, bool IsConflict, bool IsRefused) Judge(string code) =>
        (_storage.IsOutage(Error(code)), _storage.IsConflict(Error(code)), _storage.IsRefused(Error(code)));

    private static PostgresException Error(string code) => new("It failed.", "ERROR", "ERROR", code);

    private static string[] Split(string codes) => codes.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
}
