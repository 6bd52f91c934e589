/* A table of features becomes its GenApi 1.1 description: one register for each feature. */
#define _GNU_SOURCE
#include "feature_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const node_kinds[] = {"Integer", "Float", "Enumeration",
                                         "Boolean", "Command", "StringReg"};

unsigned feature_index(const FeatureTable *table, const char *name)
{
    for (unsigned i = 0; i < table->count; i++)
        if (strcmp(table->features[i].name, name) == 0)
            return i;
    abort(); /* a table that names what it does not have */
}

static const char *access_mode(const Feature *feature)
{
    return (feature->access & RW) == RW ? "RW" : feature->access & WO ? "WO" : "RO";
}

/* Names of the standard's own, and this producer's. */
static const char *name_space(const Feature *feature)
{
    const char *category = feature->category;
    bool own = !category || !strcmp(category, "ReplayControl") || !strcmp(category, "FaultControl");
    return own ? "Custom" : "Standard";
}

static void write_address(FILE *out, const FeatureTable *table, const Feature *feature)
{
    unsigned index = (unsigned)(feature - table->features);
    if (feature->chunk)
        fprintf(out, "<Address>0</Address>");
    else
        fprintf(out, "<Address>0x%x</Address>", FEATURES_AT + index * FEATURE_STRIDE);
    if (feature->chunk && feature->selector)
        fprintf(out, "<pIndex Offset=\"8\">%sReg</pIndex>", feature->selector);
    fprintf(out, "<Length>%d</Length><AccessMode>%s</AccessMode><pPort>%s%s</pPort>"
            "<Cachable>NoCache</Cachable>",
            feature->kind == STRING ? TEXT_BYTES : 8, access_mode(feature),
            feature->chunk ? feature->name : table->port, feature->chunk ? "Port" : "");
}

/* The values of a chunk are read from the buffer that it is in. GenApi compares ids as texts of eight
 * digits, whatever leading zeros mean. */
static void write_chunk_port(FILE *out, const Feature *feature)
{
    if (feature->chunk)
        fprintf(out, "<Port Name=\"%sPort\"><ChunkID>%08x</ChunkID></Port>\n", feature->name,
                feature->chunk);
}

static void write_limits(FILE *out, const Feature *feature)
{
    bool limited = feature->min != 0 || feature->max != 0;
    if (feature->min_from)
        fprintf(out, "<pMin>%s</pMin>", feature->min_from);
    else if (limited || feature->max_from)
        fprintf(out, "<Min>%.15g</Min>", feature->min);
    if (feature->max_from)
        fprintf(out, "<pMax>%s</pMax>", feature->max_from);
    else if (limited)
        fprintf(out, "<Max>%.15g</Max>", feature->max);
    if (feature->step_from)
        fprintf(out, "<pInc>%s</pInc>", feature->step_from);
    if (feature->unit)
        fprintf(out, "<Unit>%s</Unit>", feature->unit);
}

static void write_selected(FILE *out, const FeatureTable *table, const Feature *selector)
{
    for (unsigned i = 0; i < table->count; i++) {
        const char *by = table->features[i].selector;
        if (by && strcmp(by, selector->name) == 0)
            fprintf(out, "<pSelected>%s</pSelected>", table->features[i].name);
    }
}

static void write_register(FILE *out, const FeatureTable *table, const Feature *feature)
{
    const char *kind = feature->kind == FLOATING ? "FloatReg" : "IntReg";
    fprintf(out, "<%s Name=\"%sReg\">", kind, feature->name);
    write_address(out, table, feature);
    fprintf(out, "%s<Endianess>LittleEndian</Endianess></%s>\n",
            feature->kind == FLOATING ? "" : "<Sign>Signed</Sign>", kind);
}

static void write_node(FILE *out, const FeatureTable *table, const Feature *feature)
{
    const char *kind = node_kinds[feature->kind];
    fprintf(out, "<%s Name=\"%s\" NameSpace=\"%s\">", kind, feature->name, name_space(feature));
    if (feature->tip)
        fprintf(out, "<ToolTip>%s</ToolTip>", feature->tip);
    fprintf(out, "<Visibility>%s</Visibility>", feature->category ? "Beginner" : "Invisible");
    if (feature->offered_by)
        fprintf(out, "<pIsAvailable>%s</pIsAvailable>", feature->offered_by);
    if (feature->access & LOCKED)
        fprintf(out, "<pIsLocked>TLParamsLocked</pIsLocked>");
    if (feature->kind == STRING) {
        write_address(out, table, feature);
        fprintf(out, "</StringReg>\n");
        return;
    }
    for (const Entry *entry = feature->entries; entry && entry->name; entry++)
        fprintf(out,
                "<EnumEntry Name=\"%s\" NameSpace=\"%s\"><Value>%lld</Value></EnumEntry>",
                entry->name, name_space(feature), (long long)entry->value);
    fprintf(out, "<pValue>%sReg</pValue>", feature->name);
    if (feature->kind == COMMAND)
        fprintf(out, "<CommandValue>1</CommandValue>");
    if (feature->kind == BOOLEAN)
        fprintf(out, "<OnValue>1</OnValue><OffValue>0</OffValue>");
    if (feature->kind == INTEGER || feature->kind == FLOATING)
        write_limits(out, feature);
    write_selected(out, table, feature);
    fprintf(out, "</%s>\n", kind);
    write_register(out, table, feature);
    write_chunk_port(out, feature);
}

/* The features of a category stand together in the table. */
static void write_categories(FILE *out, const FeatureTable *table)
{
    const char *last = "";
    fprintf(out, "<Category Name=\"Root\" NameSpace=\"Standard\">");
    for (unsigned i = 0; i < table->count; i++) {
        const char *category = table->features[i].category;
        if (category && strcmp(category, last) != 0)
            fprintf(out, "<pFeature>%s</pFeature>", last = category);
    }
    fprintf(out, "</Category>\n");
    last = "";
    for (unsigned i = 0; i < table->count; i++) {
        const char *category = table->features[i].category;
        if (!category)
            continue;
        if (strcmp(category, last) != 0)
            fprintf(out, "%s<Category Name=\"%s\" NameSpace=\"Standard\">",
                    *last ? "</Category>\n" : "", category);
        last = category;
        fprintf(out, "<pFeature>%s</pFeature>", table->features[i].name);
    }
    fprintf(out, "</Category>\n");
}

static char *write_xml(const FeatureTable *table, size_t *bytes)
{
    char *xml = NULL;
    FILE *out = open_memstream(&xml, bytes);
    if (!out)
        return NULL;
    fprintf(out,
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
            "<RegisterDescription ModelName=\"%s\" VendorName=\"Passline\""
            " ToolTip=\"Passline simulator\" StandardNameSpace=\"None\" SchemaMajorVersion=\"1\""
            " SchemaMinorVersion=\"1\" SchemaSubMinorVersion=\"0\" MajorVersion=\"1\""
            " MinorVersion=\"0\" SubMinorVersion=\"0\""
            " ProductGuid=\"7B0E5C0A-91E1-4C39-9C5D-3A52C1D1F6%02X\""
            " VersionGuid=\"2C1B5B1E-6A56-4C0B-8E0E-8D0B0C6F40%02X\""
            " xmlns=\"http://www.genicam.org/GenApi/Version_1_1\""
            " xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\""
            " xsi:schemaLocation=\"http://www.genicam.org/GenApi/Version_1_1"
            " http://www.genicam.org/GenApi/GenApiSchema_Version_1_1.xsd\">\n",
            table->model, table->count, table->count);
    write_categories(out, table);
    for (unsigned i = 0; i < table->count; i++)
        write_node(out, table, &table->features[i]);
    fprintf(out, "<Port Name=\"%s\" NameSpace=\"Standard\"></Port>\n</RegisterDescription>\n",
            table->port);
    return fclose(out) == 0 ? xml : NULL;
}

const char *node_map_xml(const FeatureTable *table, size_t *bytes)
{
    static struct {
        const FeatureTable *table;
        char *xml;
        size_t bytes;
    } written[8];
    for (unsigned i = 0; i < sizeof written / sizeof *written; i++) {
        if (!written[i].table) {
            written[i].xml = write_xml(table, &written[i].bytes);
            written[i].table = written[i].xml ? table : NULL;
        }
        if (written[i].table == table) {
            *bytes = written[i].bytes;
            return written[i].xml;
        }
        if (!written[i].table)
            break;
    }
    return NULL;
}
