using Fleet.Tests.Support;

namespace Fleet.Tests.EndToEnd;

/// <summary>A setting that is wrong stops the process with a line that says what to mend, and nothing else.</summary>
public sealed class SettingsTests
{
    [Theory]
    [InlineData("Fleet__Worker__Lease", "6m", "Fleet:Worker:Lease: '00:06:00' is not allowed; allowed is 00:00:03 to 00:05:00.")]
    [InlineData("Fleet__Worker__Drain", "60", "Fleet:Worker:Drain: '60' is not allowed; allowed is a duration: 15s, 5m, 2h,")]
    [InlineData("Fleet__Worker__Retry__FirstDelay", "2", "Fleet:Worker:Retry:FirstDelay: '2' is not allowed; allowed is a duration: 15s,")]
    [InlineData("Fleet__Worker__Retry__Jobs__x__FirstDelay", "2", "Fleet:Worker:Retry:Jobs:x:FirstDelay: '2' is not allowed; allowed is a")]
    [InlineData("Fleet__Worker__Drain", "-00:00:01", "Fleet:Worker:Drain: '-00:00:01' is not allowed; allowed is 00:00:00 to 01:00:00.")]
    [InlineData("Fleet__Worker__Lanes__x", "0", "Fleet:Worker:Lanes:x: '0' is not allowed; allowed is 1–10000.")]
    [InlineData("Fleet__Worker__Lanes__x", "abc", "Fleet:Worker:Lanes:x: 'abc' is not allowed; allowed is a whole number.")]
    [InlineData("Fleet__Worker__Leese", "00:00:10", "Fleet:Worker:Leese is not a known setting; did you mean 'Lease'?")]
    [InlineData("Fleet__Wroker__Lease", "00:00:10", "Fleet:Wroker is not a known setting; did you mean 'Worker'?")]
    [InlineData("Fleet__Worker__Retry__Factor", "abc", "Fleet:Worker:Retry:Factor: 'abc' is not allowed; allowed is a number such as 0.5.")]
    [InlineData(
        "Fleet__Worker__Retry__Jobs__x__MaxAttempts", "0",
        "Fleet:Worker:Retry:Jobs:x:MaxAttempts: '0' is not allowed; allowed is 1–1000.")]
    [InlineData(
        "Fleet__Scheduler__LookAhead", "1d", "Fleet:Scheduler:LookAhead: '1.00:00:00' is not allowed; allowed is 00:00:01 to 00:10:00.")]
    [InlineData(
        "Fleet__Storage__Provider", "Foo", "Fleet:Storage:Provider: 'Foo' is not allowed; allowed is Sqlite, Postgres or SqlServer.")]
    [InlineData(
        "Fleet__Storage__Provider", "SqlServer", "Fleet:Storage:ConnectionString is missing; SQL Server needs one, such as Server=")]
    [InlineData("Fleet__Storage__ConnectionString", "garbage", "Fleet:Storage:ConnectionString is not")]
    [InlineData("Fleet__Schedules__x__Cron", "bad", "Fleet:Schedules:x:Job is missing; it names the job to run.")]
    public async Task Dev_WrongSetting_SaysSoInOneLine(string name, string value, string said) =>
        await AssertRefusedAsync(said, (name, value));

    [Theory]
    [InlineData("Cron", "bad", "Fleet:Schedules:x:Cron: 'bad'")]
    [InlineData("Cron", "0 0 30 2 *", "Fleet:Schedules:x:Cron: '0 0 30 2 *' never fires")]
    [InlineData("Misfire", "zz", "Fleet:Schedules:x:Misfire: 'zz' is not allowed; allowed is one of RunLatest, Skip, RunAll.")]
    [InlineData("Overlap", "zz", "Fleet:Schedules:x:Overlap: 'zz' is not allowed; allowed is one of Allow, Skip, Queue, Replace.")]
    [InlineData("Exclude", "12-25, 2026-02-30", "Fleet:Schedules:x:Exclude[1]: '2026-02-30' is not allowed; allowed is a date")]
    [InlineData("Jitter", "0s", "Fleet:Schedules:x:Jitter: '0s' is not allowed; allowed is 1 s to 1 d")]
    [InlineData("Args", "{bad", "Fleet:Schedules:x:Args: '{bad' is not a JSON object")]
    [InlineData("Args", "[1]", "Fleet:Schedules:x:Args: expected a JSON object.")]
    [InlineData("Args", """{"ms":"x"}""", """Fleet:Schedules:x:Args.ms: '"x"' does not fit job 'diag.sleep'""")]
    public async Task Dev_WrongSchedule_NamesItsSetting(string setting, string value, string said)
    {
        var trigger = setting == "Cron" ? [] : new[] { ("Fleet__Schedules__x__Every", "1h") };
        await AssertRefusedAsync(
            said, [("Fleet__Schedules__x__Job", "diag.sleep"), .. trigger, ($"Fleet__Schedules__x__{setting}", value)]);
    }

    [Fact]
    public async Task Dev_MachineOfAnotherLanguage_WritesNumbersAlike() => await AssertRefusedAsync(
        "Fleet:Worker:Retry:Factor: '0.5' is not allowed; allowed is 1–10.", ("Fleet__Worker__Retry__Factor", "0.5"),
        ("LANG", "de_DE.UTF-8"), ("LC_ALL", "de_DE.UTF-8"));

    [Fact]
    public async Task DbStatus_SqlServerThatIsNotThere_SaysThatItCannotBeReached()
    {
        var (exitCode, _, error) = await FleetProcess.RunAsync(
            "db", "status", "--provider", "SqlServer", "--connection", "Server=127.0.0.1,1;User Id=fleet;Password=x;Connect Timeout=5");

        Assert.Equal(7, exitCode);
        Assert.StartsWith("The database cannot be used: A network-related", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Dev_BrokenSettingsFile_SaysWhere()
    {
        using var folder = new TempFolder();
        await File.WriteAllTextAsync(Path.Combine(folder.Path, "appsettings.json"), "{\n \"Fleet\": {,\n}");

        var (exitCode, _, error) = await FleetProcess.RunAsync("dev", "--plain", "--no-samples", "--port", "0", "--data", folder.Path);

        Assert.Equal(1, exitCode);
        Assert.Contains("LineNumber: 1", error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--port", "abc", "--port: 'abc' is not allowed; allowed is 0–65535.")]
    [InlineData("--port", "70000", "--port: '70000' is not allowed; allowed is 0–65535.")]
    [InlineData("--data", "", "--data: '' is not allowed")]
    public async Task Dev_WrongOption_IsBadUsage(string option, string value, string said)
    {
        var (exitCode, _, error) = await FleetProcess.RunAsync("dev", "--plain", option, value);

        Assert.Equal(2, exitCode);
        Assert.StartsWith(said, error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
    }

    private static async Task AssertRefusedAsync(string said, params (string Name, string Value)[] environment)
    {
        using var folder = new TempFolder();
        var (exitCode, output, error) = await FleetProcess.RunAsync(
            environment.ToDictionary(e => e.Name, e => e.Value), "dev", "--plain", "--no-samples", "--port", "0", "--data", folder.Path);

        Assert.Equal(1, exitCode);
        Assert.StartsWith("fleet: " + said, error, StringComparison.Ordinal);
        Assert.Single(error.Trim().Split('\n'));
        Assert.DoesNotContain("   at ", output, StringComparison.Ordinal);
    }
}
