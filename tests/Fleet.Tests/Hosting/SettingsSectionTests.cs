using Fleet.Core.Rules;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Fleet.Tests.Hosting;

/// <summary>Durations in the configuration are written as everywhere else in Fleet, also after a reload.</summary>
public sealed class SettingsSectionTests
{
    [Fact]
    public void AddSettings_Durations_AreReadInEveryForm()
    {
        var bound = Bind(
            new() { ["S:A"] = "90s", ["S:B"] = "PT5M", ["S:Each:x"] = "1.12:00:00", ["S:Inner:C"] = "1h30m", ["S:Word"] = "5m" });

        Assert.Equal(
            (TimeSpan.FromSeconds(90), TimeSpan.FromMinutes(5), TimeSpan.FromHours(36), TimeSpan.FromMinutes(90), "5m"),
            (bound.Value.A, bound.Value.B, bound.Value.Each["x"], bound.Value.Inner.C, bound.Value.Word));
    }

    [Theory]
    [InlineData("A", "60")]
    [InlineData("B", "1:00")]
    [InlineData("Each:x", "0")]
    [InlineData("Inner:C", "soon")]
    public void AddSettings_NumberOrWord_IsRefusedByName(string key, string value)
    {
        var refused = Assert.Throws<OptionsValidationException>(() => Bind(new() { ["S:" + key] = value }));

        Assert.Equal(
            $"S:{key}: '{value}' is not allowed; allowed is a duration: 15s, 5m, 2h, 1d or 1h30m; ISO 8601 such as PT5M; or hh:mm:ss.",
            Assert.Single(refused.Failures));
    }

    [Fact]
    public void AddSettings_Reload_ReadsTheNewDuration()
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new("S:A", "1s")]).Build();
        using var services = Add(configuration).BuildServiceProvider();
        var options = services.GetRequiredService<IOptionsMonitor<Timings>>();
        Assert.Equal(TimeSpan.FromSeconds(1), options.CurrentValue.A);

        configuration["S:A"] = "2s";
        configuration.Reload();

        Assert.Equal(TimeSpan.FromSeconds(2), options.CurrentValue.A);
    }

    private static IOptions<Timings> Bind(Dictionary<string, string?> values) =>
        Add(new ConfigurationBuilder().AddInMemoryCollection(values).Build())
            .BuildServiceProvider().GetRequiredService<IOptions<Timings>>();

    private static ServiceCollection Add(IConfiguration configuration)
    {
        var services = new ServiceCollection();
        services.AddSettings<Timings>(configuration.GetSection("S"), _ => []);
        return services;
    }

    private sealed class Timings
    {
        public TimeSpan A { get; set; }

        public TimeSpan? B { get; set; }

        public Dictionary<string, TimeSpan> Each { get; set; } = [];

        public Nested Inner { get; set; } = new();

        public string? Word { get; set; }
    }

    private sealed class Nested
    {
        public TimeSpan C { get; set; }
    }
}
