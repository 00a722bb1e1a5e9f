using System.Reflection;

namespace Fleet.Tests.House;

/// <summary>The public signatures of what people compile against.</summary>
public sealed class PublicTypesTests
{
    private const BindingFlags Members =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    /// <summary>Of every assembly of Fleet's that a package brings.</summary>
    [Fact]
    public void MassTransitTypes_InPublicSignatures_AreInFleetMassTransitOnly()
    {
        var assemblies = Directory.EnumerateFiles(AppContext.BaseDirectory, "Fleet.*.dll").Select(Path.GetFileNameWithoutExtension)
            .Where(name => Project.ReadAll("src").Any(p => name == "Fleet." + p.Name)).Select(name => Assembly.Load(name!)).ToList();

        var found = assemblies.Where(a => a.GetExportedTypes().SelectMany(Signature).Any(IsMassTransit)).Select(a => a.GetName().Name);

        Assert.True(assemblies.Count > 10);
        Assert.Equal(["Fleet.MassTransit"], found);
    }

    /// <summary>What a program gets with the package Fleet.Hosting alone.</summary>
    [Fact]
    public void PackagesOfHosting_AreNoDriversOfServers()
    {
        var text = File.ReadAllText(Path.Combine(Repository.Root, "src", "Hosting", "packages.lock.json"));

        Assert.Contains("\"Microsoft.Data.Sqlite.Core\"", text, StringComparison.Ordinal);
        Assert.DoesNotMatch("\"(?:[^\"]*SqlClient|Npgsql|RabbitMQ|MassTransit|Azure|Microsoft\\.Identity)[^\"]*\":", text);
    }

    private static bool IsMassTransit(Type type) => type.Assembly.GetName().Name!.StartsWith("MassTransit", StringComparison.Ordinal)
        || (type.HasElementType && IsMassTransit(type.GetElementType()!)) || type.GenericTypeArguments.Any(IsMassTransit);

    private static IEnumerable<Type> Signature(Type type)
    {
        IEnumerable<Type> own = [.. type.GetInterfaces(), .. type.BaseType is null ? [] : new[] { type.BaseType }];
        return own.Concat(type.GetMembers(Members).SelectMany(member => member switch
        {
            MethodBase method when method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly =>
                method.GetParameters().Select(p => p.ParameterType).Append((method as MethodInfo)?.ReturnType ?? typeof(void)),
            FieldInfo field when field.IsPublic || field.IsFamily => [field.FieldType],
            _ => [],
        }));
    }
}
