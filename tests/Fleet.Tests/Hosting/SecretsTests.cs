using Fleet.Core.Text;
using Fleet.Tests.Support;
using Fleet.Transport.RabbitMq;

namespace Fleet.Tests.Hosting;

public sealed class SecretsTests
{
    [Theory]
    [InlineData("amqp://user:secret@broker:5672/prod", "amqp://…@broker:5672/prod")]
    [InlineData("amqp://user:sec/ret@broker/", "amqp://…@broker/")]
    [InlineData("amqp://user:sec:ret@broker", "amqp://…@broker")]
    [InlineData("amqp://user:sec@ret@broker", "amqp://…@broker")]
    [InlineData("amqp://user:sec?ret@broker", "amqp://…@broker")]
    [InlineData("amqp://user:sec#ret@broker", "amqp://…@broker")]
    [InlineData("amqp://user:sec ret@broker", "amqp://…@broker")]
    [InlineData("amqp://user:sec%ret@broker", "amqp://…@broker")]
    [InlineData("amqp://user:se://cret@broker", "amqp://…@broker")]
    [InlineData("amqp:/user:secret@broker", "…@broker")]
    [InlineData("user:secret@broker", "…@broker")]
    [InlineData("http//user:secret@broker", "…@broker")]
    [InlineData("amqp://user:secret", "amqp://user:…")]
    [InlineData("amqp://broker/?password=secret", "amqp://broker/?…")]
    [InlineData("amqp://broker:5672/prod", "amqp://broker:5672/prod")]
    [InlineData("amqp://[::1]:5672/prod", "amqp://[::1]:5672/prod")]
    [InlineData("broker:5672", "broker:5672")]
    [InlineData("broker", "broker")]
    [InlineData(null, "(nothing)")]
    public void HideInUri_WhateverItIs_CutsBeforeTheLastAt(string? uri, string shown) => Assert.Equal(shown, Secrets.HideInUri(uri));

    [Theory]
    [InlineData("Host=db;Password=secret;Database=x", "Host=db;Password=…;Database=x")]
    [InlineData("Host=db;pwd = secret", "Host=db;pwd = …")]
    [InlineData("Password='se;cr''et';Host=db", "Password=…;Host=db")]
    [InlineData("Password=\"se;cr\"\"et\";Host=db", "Password=…;Host=db")]
    [InlineData("Password=se cret;Host=db", "Password=…;Host=db")]
    [InlineData("Host=db;SSL Password=secret", "Host=db;SSL Password=…")]
    [InlineData("http://host/?token=secret&x=1", "http://host/?token=…&x=1")]
    [InlineData("Cannot reach amqp://user:se/cr:et@broker:5672/v now", "Cannot reach amqp://…@broker:5672/v now")]
    [InlineData("two: http://a:secret@x and http://b:secret@y", "two: http://…@x and http://…@y")]
    [InlineData("See https://example.com/a for user@example.com", "See https://example.com/a for user@example.com")]
    [InlineData("allowed is amqp://user:password@host:port/vhost, or amqps", "allowed is amqp://user:password@host:port/vhost, or amqps")]
    [InlineData("amqp://user:password@secret@host", "amqp://…@host")]
    [InlineData("nothing = nothing", "nothing = nothing")]
    public void Hide_AnyText_CutsSecretsAlone(string text, string shown) => Assert.Equal(shown, Secrets.Hide(text));

    [Theory]
    [InlineData("Uri", "amqp://user:se/cret@broker")]
    [InlineData("Uri", "amqp://user:se:cr@et@broker:x/")]
    [InlineData("Uri", "amqps:user:secret@broker")]
    [InlineData("Uri", "amqp://u:secret")]
    [InlineData("ManagementUri", "http://user:se?cr#et@broker:999999")]
    public void AddFleet_BadAddress_IsShownWithoutItsSecret(string setting, string value)
    {
        var error = Refuse("Transport", new() { ["Provider"] = "RabbitMq", ["Uri"] = "amqp://broker", [setting] = value });

        Assert.StartsWith($"Fleet:Transport:{setting}: '", error, StringComparison.Ordinal);
        Assert.DoesNotContain("cr", error.Replace("characters", "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.DoesNotContain("et@", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Postgres", "Host=db;Passwort=secret")]
    [InlineData("Postgres", "Host=db;Password=top;hidden=x")]
    [InlineData("Postgres", "Host=db;Password=top;hidden")]
    [InlineData("SqlServer", "Server=db;Password=top;hidden=x")]
    [InlineData("Sqlite", "Data Source=x;Password=top;hidden=x")]
    public void AddFleet_BadConnectionString_IsShownWithoutItsSecret(string provider, string value)
    {
        var error = Refuse("Storage", new() { ["Provider"] = provider, ["ConnectionString"] = value });

        Assert.StartsWith("Fleet:Storage:ConnectionString is not a connection string", error, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", error, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("hidden", error, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void TryParse_PasswordWithEscapes_IsRead()
    {
        var settings = RabbitMqSettings.TryParse("amqp://u:a%2Fb%3Ac%40d%3Fe%23f%25@broker/", TimeSpan.FromSeconds(30))!;

        Assert.Equal("a/b:c@d?e#f%", settings.Password);
    }

    private static string Refuse(string section, Dictionary<string, string> settings) =>
        AddedFleet.Refuse(settings.Select(s => new KeyValuePair<string, string?>($"Fleet:{section}:{s.Key}", s.Value)))!;
}
